package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

func offered(name, version string, id, from, to int32) v1.ModuleManifest {
	return v1.ModuleManifest{Name: name, Version: version, Rmgrs: []v1.RmgrManifest{{ID: id, Name: name,
		Writes: v1.FormatRange{Min: to, Max: to}, Replays: v1.FormatRange{Min: from, Max: to}}}}
}

func holding(instance string, kind control.HolderKind, name string, records ...control.RecordCount) plan.LogHolder {
	return plan.LogHolder{Instance: instance, Census: &control.Census{Holders: []control.Holder{{Kind: kind, Name: name, From: 0x1000000, To: 0x3000000, Records: records}}}}
}

func records(id uint8, module string, format uint16) control.RecordCount {
	return control.RecordCount{Rmgr: id, Name: module, Module: module, Format: format, Count: 17, First: 0x1000098, Last: 0x2000130}
}

func TestGate(t *testing.T) {
	family := func(module string, id, from, to int32) v1.RecordFamily {
		return v1.RecordFamily{Module: module, Rmgr: id, Name: module, Formats: v1.FormatRange{Min: from, Max: to}}
	}
	kv1, kv12, kv2 := offered("kv", "1.2.0", 251, 1, 1), offered("kv", "1.3.0", 251, 1, 2), offered("kv", "2.0.0", 251, 2, 2)
	writing := func(h plan.LogHolder, format uint16, retiring bool) plan.LogHolder {
		h.Writes = []control.Module{{Name: "kv", Retiring: retiring, Managers: []control.Manager{{ID: 251, Name: "kv", Format: format}}}}
		return h
	}
	for sentence, c := range map[string]struct {
		wanted  []v1.ModuleManifest
		records []v1.RecordFamily
		holders []plan.LogHolder
		want    string   // reason; "" is allowed
		says    []string // in the first refusal
	}{
		"everything is replayable": {[]v1.ModuleManifest{kv12}, []v1.RecordFamily{family("kv", 251, 1, 2)},
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(251, "kv", 1), records(251, "kv", 2))}, "", nil},
		"a module is removed while its records remain": {nil, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(251, "kv", 1))}, v1.ReasonRecordsRemain,
			[]string{"pg_wal of a-1", "17 records", "rmgr 251", "format 1", "0/1000098", "0/2000130", "What clears it: retire kv"}},
		"a downgrade while records of the newer format remain": {[]v1.ModuleManifest{kv1}, []v1.RecordFamily{family("kv", 251, 1, 2)},
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(251, "kv", 1)), holding("a-2", "pg_wal", "", records(251, "kv", 2))},
			v1.ReasonRecordsRemain, []string{"pg_wal of a-2", "format 2"}},
		"a downgrade before anybody wrote the newer format": {[]v1.ModuleManifest{kv1}, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{writing(holding("a-1", "pg_wal", "", records(251, "kv", 1)), 1, false)}, "", nil},
		"an upgrade that dropped an old format": {[]v1.ModuleManifest{kv2}, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(251, "kv", 1))}, v1.ReasonRecordsRemain, []string{"format 1"}},
		"an upgrade that dropped the manager, under the same name": {[]v1.ModuleManifest{{Name: "kv", Version: "9.0.0"}}, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(251, "kv", 1))}, v1.ReasonRecordsRemain, nil},
		"a slot holds the records": {nil, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{holding("a-1", "slot", "cdc", records(251, "kv", 1))}, v1.ReasonRecordsRemain, []string{"slot cdc of a-1", "slot is dropped"}},
		"an instance that cannot be asked": {nil, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{holding("a-1", "pg_wal", ""), {Instance: "a-2", Why: "its volume has no pod"}}, v1.ReasonHolderUnknown,
			[]string{"a-2", "its volume has no pod", "rmgr 251", "What clears it: let a-2 answer"}},
		"an instance that cannot be asked, but nothing is lost": {[]v1.ModuleManifest{kv12}, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{{Instance: "a-2"}}, "", nil},
		"a segment whose census is not known": {nil, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{{Instance: "a-1", Census: &control.Census{Holders: []control.Holder{{Kind: "pg_wal", Unknown: true, Reason: "segment 3 was not read"}}}}},
			v1.ReasonHolderUnknown, []string{"pg_wal of a-1", "segment 3 was not read"}},
		"records of a format that is not known, of a manager that replays them all": {[]v1.ModuleManifest{kv12}, []v1.RecordFamily{family("kv", 251, 1, 2)},
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(251, "kv", 0))}, "", nil},
		"records of a format that is not known, of which one cannot be replayed": {[]v1.ModuleManifest{kv1}, []v1.RecordFamily{family("kv", 251, 1, 2)},
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(251, "kv", 0))}, v1.ReasonRecordsRemain, nil},
		"records of a module that nobody ever accepted": {[]v1.ModuleManifest{kv1}, nil,
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(201, "acme", 1))}, v1.ReasonRecordsRemain, []string{"acme"}},
		"the primary writes a format that the wanted modules cannot replay": {[]v1.ModuleManifest{kv1}, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{writing(holding("a-1", "pg_wal", ""), 2, false)}, v1.ReasonFormatInForce, []string{"a-1", "never lowered"}},
		"the same, but it is retiring and writes no more": {[]v1.ModuleManifest{kv1}, []v1.RecordFamily{family("kv", 251, 1, 1)},
			[]plan.LogHolder{writing(holding("a-1", "pg_wal", ""), 2, true)}, "", nil},
		"Redoubt's own record of the modules is in every node": {nil, nil,
			[]plan.LogHolder{holding("a-1", "pg_wal", "", records(250, "modules", 1))}, "", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := plan.Gate(c.wanted, c.records, c.holders)
			if got.Blocked != c.want {
				t.Fatalf("got %q %+v, want %q", got.Blocked, got.Refusals, c.want)
			}
			for _, word := range c.says {
				if !strings.Contains(got.Refusals[0].Message, word) {
					t.Errorf("the refusal does not say %q: %s", word, got.Refusals[0].Message)
				}
			}
		})
	}
}

// An override is for one module and one manager, and ends.
func TestOverride(t *testing.T) {
	for annotation, allowed := range map[string]bool{
		"":                                      false,
		"ledger/252 until 2026-09-01T13:00:00Z": true,
		"kv/251 until 2026-09-01T13:00:00Z, ledger/252 until 2026-09-01T13:00:00Z": true,
		"ledger/252 until 2026-09-01T11:59:59Z":                                    false, // over
		"ledger/251 until 2026-09-01T13:00:00Z":                                    false, // another manager
		"kv/252 until 2026-09-01T13:00:00Z":                                        false, // another module
		"ledger/252":                                                               false, // without an end
		"ledger until 2026-09-01T13:00:00Z":                                        false,
		"true":                                                                     false,
	} {
		s := healthy()
		s.Accepted.Modules = []v1.ModuleManifest{offered("ledger", "1.0.3", 252, 1, 1)}
		s.Records = []v1.RecordFamily{{Module: "ledger", Rmgr: 252, Name: "ledger", Formats: v1.FormatRange{Min: 1, Max: 1}}}
		s.Spec.Image, s.Image = "node:2", &v1.ImageStatus{Reference: "node:2", Image: "node:2"}
		for i := range s.Members {
			c := holding(s.Members[i].Name, "pg_wal", "", records(252, "ledger", 1))
			s.Members[i].Census = c.Census
			s.Members[i].Status.Modules = []control.Module{ledger()}
		}
		s.Annotations = map[string]string{v1.AnnotationOverride: annotation}
		steps, _ := plan.Next(s)
		got := false
		for _, step := range steps {
			used := step.Do == plan.Record && step.Reason == v1.ReasonGateOverridden && strings.Contains(step.Message, "ledger/252")
			got = got || used
			if used && len(step.Decisions.Records) > 0 {
				t.Errorf("%q: still counted as records that a primary must replay, so nobody could be promoted: %v", annotation, step.Decisions.Records)
			}
		}
		if got != allowed {
			t.Errorf("%q: let through is %v, want %v", annotation, got, allowed)
		}
	}
}

func manyModules(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, `{"name":"m%d","version":"1.0.0"},`, i)
	}
	return out.String()
}

func TestReadAnswer(t *testing.T) {
	const good = `{"apiVersion":"redoubt.dev/manifest/v1","modules":[{"name":"kv","version":"1.2.0","rmgrs":[{"id":251,"name":"kv","writes":{"min":1,"max":1},"replays":{"min":1,"max":2}}]}]}`
	for sentence, c := range map[string]struct {
		code    int32
		message string
		want    string
	}{
		"a manifest":                {0, good, ""},
		"a manifest, but it failed": {1, good, v1.ReasonProbeFailed},
		"no binary":                 {128, `exec: "/node": stat /node: no such file or directory`, v1.ReasonProbeFailed},
		"nothing":                   {0, "", v1.ReasonProbeGarbage},
		"not JSON":                  {0, "usage: node …", v1.ReasonProbeGarbage},
		"cut off":                   {0, good[:60], v1.ReasonProbeGarbage},
		"another format":            {0, `{"apiVersion":"redoubt.dev/manifest/v9"}`, v1.ReasonProbeGarbage},
		"another program":           {0, `{"modules":[]}`, v1.ReasonProbeGarbage},
		"bytes":                     {0, "\xff\xfe\x00", v1.ReasonProbeGarbage},
		// What follows the API server would not take into the status, and with it no decision at all.
		"a module twice":               {0, strings.Replace(good, `"modules":[`, `"modules":[{"name":"kv","version":"1.3.0"},`, 1), v1.ReasonProbeGarbage},
		"a name that is too long":      {0, strings.Replace(good, `"name":"kv"`, `"name":"`+strings.Repeat("k", 129)+`"`, 1), v1.ReasonProbeGarbage},
		"a version that is too long":   {0, strings.Replace(good, "1.2.0", "1.2.0-"+strings.Repeat("x", 128), 1), v1.ReasonProbeGarbage},
		"more modules than are listed": {0, strings.Replace(good, `"modules":[`, `"modules":[`+manyModules(64), 1), v1.ReasonProbeGarbage},
	} {
		got := plan.ReadAnswer("node:1", "node@sha256:1", "sha256:1", c.code, c.message)
		if got.Reason != c.want || (c.want == "") != (len(got.Modules) == 1) {
			t.Errorf("%s: got %+v, want %q", sentence, got, c.want)
		}
	}
}

// What is wrong with an image is said with the field.
func TestImageIsChecked(t *testing.T) {
	manager := func(id int32, name string) v1.ModuleManifest {
		return v1.ModuleManifest{Name: "acme", Version: "1.0.0", Rmgrs: []v1.RmgrManifest{{ID: id, Name: name}}}
	}
	for sentence, c := range map[string]struct {
		want    []v1.Module
		offered []v1.ModuleManifest
		reason  string
	}{
		"it fits":                      {[]v1.Module{{Name: "acme", Version: "1.0.0"}}, []v1.ModuleManifest{manager(200, "acme")}, v1.ReasonProbed},
		"a module it does not offer":   {[]v1.Module{{Name: "nobody", Version: "1.0.0"}}, []v1.ModuleManifest{manager(200, "acme")}, v1.ReasonModuleNotOffered},
		"another version":              {[]v1.Module{{Name: "acme", Version: "1.0.1"}}, []v1.ModuleManifest{manager(200, "acme")}, v1.ReasonModuleVersion},
		"an ID of PostgreSQL's own":    {[]v1.Module{{Name: "acme", Version: "1.0.0"}}, []v1.ModuleManifest{manager(21, "acme")}, v1.ReasonRmgrIDOutOfRange},
		"the experimental ID":          {[]v1.Module{{Name: "acme", Version: "1.0.0"}}, []v1.ModuleManifest{manager(128, "acme")}, v1.ReasonExperimentalNotAllowed},
		"Redoubt's own ID":             {[]v1.Module{{Name: "acme", Version: "1.0.0"}}, []v1.ModuleManifest{manager(250, "acme")}, v1.ReasonRmgrIDTaken},
		"an ID that two have":          {[]v1.Module{{Name: "acme", Version: "1.0.0"}, {Name: "kv", Version: "1"}}, []v1.ModuleManifest{manager(251, "acme"), offered("kv", "1", 251, 1, 1)}, v1.ReasonRmgrIDTaken},
		"a name that two have":         {[]v1.Module{{Name: "acme", Version: "1.0.0"}, {Name: "kv", Version: "1"}}, []v1.ModuleManifest{manager(201, "KV"), offered("kv", "1", 251, 1, 1)}, v1.ReasonRmgrNameTaken},
		"an ID reserved for another":   {[]v1.Module{{Name: "acme", Version: "1.0.0"}}, []v1.ModuleManifest{manager(222, "acme")}, v1.ReasonRmgrReserved},
		"other managers than declared": {[]v1.Module{{Name: "acme", Version: "1.0.0", Rmgrs: []v1.RmgrID{{ID: 201, Name: "acme"}}}}, []v1.ModuleManifest{manager(200, "acme")}, v1.ReasonRmgrMismatch},
	} {
		s := healthy()
		s.Reserved = []plan.Reservation{{ID: 222, Name: "other"}, {ID: 200, Name: "acme"}}
		s.Spec.Modules, s.Image.Modules = c.want, c.offered
		view := plan.Describe(s, nil)
		for _, cond := range view.Conditions {
			if cond.Type == v1.ConditionImageAccepted {
				if cond.Reason != c.reason {
					t.Errorf("%s: got %s: %s, want %s", sentence, cond.Reason, cond.Message, c.reason)
				}
				if c.reason != v1.ReasonProbed && !strings.Contains(cond.Message, "spec.modules[") {
					t.Errorf("%s: the message names no field: %s", sentence, cond.Message)
				}
			}
		}
	}
}

func TestWaitIsOverdue(t *testing.T) {
	s := healthy()
	lose(&s.Members[2])
	steps, _ := plan.Next(s)
	v := plan.Describe(s, steps)
	s.Waiting, s.Now = v.Waiting, s.Now.Add(11*time.Minute)
	s.Members[0].LastHeard = s.Now
	steps, _ = plan.Next(s)
	for _, c := range plan.Describe(s, steps).Conditions {
		if c.Type == v1.ConditionStalled && (c.Status != "True" || c.Reason != v1.ReasonWaitingForInstance || !strings.Contains(c.Message, "orders-3")) {
			t.Errorf("got %+v", c)
		}
	}
}

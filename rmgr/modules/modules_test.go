package modules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

var update = flag.Bool("update", false, "write the golden files")

// one is a manifest of one module with one manager; two puts manifests together.
func one(module, version string, id wal.RmgrID, name string, writesMin, writesMax rmgr.Format) rmgr.Manifest {
	return rmgr.Manifest{APIVersion: rmgr.ManifestVersion, Modules: []rmgr.ModuleManifest{{Name: module, Version: version,
		Managers: []rmgr.ManagerManifest{{ID: id, Name: name, Writes: rmgr.FormatRange{Min: writesMin, Max: writesMax}, Replays: rmgr.FormatRange{Min: 1, Max: writesMax}}}}}}
}

func both(a, b rmgr.Manifest) rmgr.Manifest {
	return rmgr.Manifest{APIVersion: rmgr.ManifestVersion, Modules: append(append([]rmgr.ModuleManifest{}, a.Modules...), b.Modules...)}
}

var (
	kv12   = one("kv", "1.2.0", 251, "kv", 1, 1)
	kv13   = one("kv", "1.3.0", 251, "kv", 1, 2)
	kv20   = one("kv", "2.0.0", 251, "kv", 3, 4)
	ledger = one("ledger", "1.0.3", 252, "ledger", 1, 1)
)

func TestMergeChoosesTheFormat(t *testing.T) {
	for says, tc := range map[string]struct {
		history []rmgr.Manifest // the first makes the cluster
		want    rmgr.Format     // of 251
	}{
		"a new cluster takes the highest its module writes":       {[]rmgr.Manifest{kv13}, 2},
		"a newer module keeps the format in force":                {[]rmgr.Manifest{kv12, kv13}, 1},
		"one that only writes newer formats takes its lowest":     {[]rmgr.Manifest{kv12, kv20}, 3},
		"a downgrade takes the highest it writes":                 {[]rmgr.Manifest{kv13, kv12}, 1},
		"a module that the cluster never had takes its highest":   {[]rmgr.Manifest{ledger, both(ledger, kv13)}, 2},
		"one that comes back finds its format again":              {[]rmgr.Manifest{kv12, ledger, ledger, both(kv13, ledger)}, 1},
		"another manager under the same ID counts as a new one":   {[]rmgr.Manifest{one("x", "1.0.0", 251, "x", 1, 1), kv13}, 2},
		"the manager's name counts without regard to its letters": {[]rmgr.Manifest{one("kv", "1.0.0", 251, "KV", 1, 1), kv13}, 1},
	} {
		t.Run(says, func(t *testing.T) {
			s := modules.Initial(tc.history[0])
			for _, m := range tc.history[1:] {
				s = s.Merge(m)
			}
			if got := s.Format(251); got != tc.want {
				t.Errorf("format %d, want %d", got, tc.want)
			}
			if again := s.Merge(tc.history[len(tc.history)-1]); !again.Equal(s) {
				t.Errorf("merged again it differs:\n%s", cmp.Diff(s, again))
			}
		})
	}
}

func TestMergeKeepsRetiringAndTheDeparted(t *testing.T) {
	s, err := modules.Initial(both(kv12, ledger)).WithRetiring("kv", true)
	if err != nil {
		t.Fatal(err)
	}
	if s = s.Merge(both(ledger, kv13)); !s.Retiring(251) || s.Retiring(252) {
		t.Errorf("retiring after an upgrade: kv %t, ledger %t", s.Retiring(251), s.Retiring(252))
	}
	s = s.Merge(ledger)
	if module, version, ok := s.Owner(251); !ok || module != "kv" || version != "1.3.0" {
		t.Errorf("251 was of %q %q %t", module, version, ok)
	}
	if s.Format(251) != 0 {
		t.Error("a departed manager has a format in force")
	}
	if got := s.NotRegistered(251, 0x1000028).Hint(); !strings.Contains(got, `module "kv", version 1.3.0`) {
		t.Errorf("hint %q", got)
	}
}

func TestWithFormat(t *testing.T) {
	s := modules.Initial(kv12).Merge(kv13)
	if _, err := s.WithFormat(252, 1); err == nil {
		t.Error("a manager that is not loaded got a format")
	}
	if _, err := s.WithFormat(251, 3); err == nil {
		t.Error("a format that it cannot write was raised")
	}
	up, err := s.WithFormat(251, 2)
	if err != nil {
		t.Fatal(err)
	}
	if s.Format(251) != 1 || up.Format(251) != 2 {
		t.Errorf("formats %d, %d: want 1, 2", s.Format(251), up.Format(251))
	}
	if same, err := up.WithFormat(251, 2); err != nil || !same.Equal(up) {
		t.Errorf("the same again: %v", err)
	}
	if _, err := up.WithFormat(251, 1); err == nil {
		t.Error("a format was lowered")
	}
	if _, err := s.WithRetiring("nobody", true); err == nil {
		t.Error("a module that is not loaded retires")
	}
}

func TestCanReplay(t *testing.T) {
	need := func(id wal.RmgrID, f rmgr.Format) modules.Need {
		return modules.Need{ID: id, Format: f, Name: "kv", Module: "kv", Version: "1.3.0", First: 0x1500028}
	}
	for says, tc := range map[string]struct {
		loaded rmgr.Manifest
		need   modules.Need
		want   string // reason and text, "" if it can be replayed
	}{
		"what is loaded":                            {kv13, need(251, 2), ""},
		"a module that is missing":                  {ledger, need(251, 2), `ModuleMissing: resource manager with ID 251 not registered: Include module "kv", version 1.3.0, which implements this resource manager, in preload_modules. The first record that needs it is at 0/1500028.`},
		"a newer format":                            {kv12, need(251, 2), `FormatUnknown: the log has records at 0/1500028 of resource manager 251 (kv) in format 2, and module kv 1.2.0 replays formats 1–1: load a version that replays it`},
		"a format that nobody knows":                {kv13, need(251, 0), `FormatUnknown: the log has records at 0/1500028 of resource manager 251 (kv) in a format that is not known, and module kv 1.3.0 replays formats 1–2: load a version that replays it`},
		"another module's records under the ID":     {one("x", "0.1.0", 251, "x", 1, 2), need(251, 2), `ManagerDiffers: the log's records at 0/1500028 with resource manager ID 251 were written by "kv", but "x" of module x 0.1.0 has this ID here: load the module that wrote them`},
		"built-in managers, which the engine knows": {ledger, need(20, 0), ""},
		"the MODULES record itself":                 {ledger, need(250, 0), ""},
	} {
		t.Run(says, func(t *testing.T) {
			got := ""
			for _, p := range modules.CanReplay(tc.loaded, []modules.Need{tc.need}) {
				got = string(p.Reason) + ": " + p.Error()
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	s := modules.Initial(both(kv13, ledger))
	if p := modules.CanReplay(both(ledger, kv13), s.Needs()); len(p) > 0 {
		t.Errorf("its own needs: %v", p)
	}
	if p := modules.CanReplay(kv12, s.Needs()); len(p) != 2 {
		t.Errorf("an older and smaller build: %v", p)
	}
}

// The record is on disk in every log: its bytes may gain fields and nothing else.
func TestRecordGolden(t *testing.T) {
	s := modules.Initial(one("old", "0.9.0", 240, "old", 1, 1)).Merge(both(ledger, kv13))
	s, err := s.WithRetiring("ledger", true)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]modules.Snapshot{"snapshot.json": s, "snapshot-empty.json": modules.Initial(rmgr.Manifest{})} {
		got, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", file, got, want)
		}
		back, err := modules.Decode(want)
		if err != nil || !back.Equal(s) {
			t.Errorf("%s decodes into %v, %v", file, back, err)
		}
	}
}

func TestDecodeRefusals(t *testing.T) {
	for says, in := range map[string]string{
		"nothing":             ``,
		"half of it":          `{"apiVersion":"redoubt.dev/modules/v1","mod`,
		"another version":     `{"apiVersion":"redoubt.dev/modules/v2"}`,
		"an ID twice":         `{"apiVersion":"redoubt.dev/modules/v1","modules":[{"name":"a","version":"1.0.0","rmgrs":[{"id":200,"format":1},{"id":200,"format":1}]}]}`,
		"a format of 0":       `{"apiVersion":"redoubt.dev/modules/v1","modules":[{"name":"a","version":"1.0.0","rmgrs":[{"id":200}]}]}`,
		"an ID below 128":     `{"apiVersion":"redoubt.dev/modules/v1","modules":[{"name":"a","version":"1.0.0","rmgrs":[{"id":20,"format":1}]}]}`,
		"an ID that is text":  `{"apiVersion":"redoubt.dev/modules/v1","modules":[{"rmgrs":[{"id":"200","format":1}]}]}`,
		"an ID of two bytes":  `{"apiVersion":"redoubt.dev/modules/v1","modules":[{"rmgrs":[{"id":300,"format":1}]}]}`,
		"a list, not a value": `[]`,
	} {
		if s, err := modules.Decode([]byte(in)); err == nil {
			t.Errorf("%s: decoded into %v", says, s)
		}
	}
	if _, err := modules.Decode([]byte(`{"apiVersion":"redoubt.dev/modules/v1","modules":[],"later":1}`)); err != nil {
		t.Errorf("a field of a later version: %v", err)
	}
}

func TestManagerDescribes(t *testing.T) {
	s, err := modules.Initial(both(kv13, ledger)).WithRetiring("ledger", true)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := modules.Record(s)
	if err != nil {
		t.Fatal(err)
	}
	var m modules.ResourceManager
	var out bytes.Buffer
	m.Describe(&out, &wal.Record{Main: rec.Main})
	if got, want := out.String(), "kv 1.3.0 [251 kv format 2], ledger 1.0.3 [252 ledger format 1] retiring"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := m.Redo(nil, &wal.Record{Rmgr: rec.Rmgr, Info: rec.Info, Main: rec.Main}); err != nil {
		t.Error(err)
	}
	if err := m.Redo(nil, &wal.Record{Main: []byte("{}")}); err == nil {
		t.Error("a record without a version was replayed")
	}
	if err := m.Redo(nil, &wal.Record{Info: 0x10, Main: rec.Main}); err == nil {
		t.Error("an unknown operation was replayed")
	}
	if got := m.Identify(0x02); got != "MODULES" {
		t.Errorf("identified as %q", got)
	}
	if err := rmgr.NewTable().RegisterBuiltin(wal.RmgrModules, m); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	s := modules.Initial(both(kv13, ledger))
	b, err := json.Marshal(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		modules.ResourceManager{}.Describe(&out, &wal.Record{Main: b})
		s, err := modules.Decode(b)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := modules.Decode(again); err != nil || !back.Equal(s) {
			t.Errorf("%s\nbecame %s: %v", b, again, err)
		}
	})
}

package rmgr_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

var update = flag.Bool("update", false, "write the golden files")

// named is a manager that has a name and nothing else.
type named string

func (n named) Name() string                           { return string(n) }
func (named) Redo(rmgr.RedoContext, *wal.Record) error { return nil }
func (named) Identify(uint8) string                    { return "" }

func TestRegisterRefusals(t *testing.T) {
	sealed := func(t *rmgr.Table) { t.Seal() }
	with := func(id wal.RmgrID, name string) func(*rmgr.Table) {
		return func(t *rmgr.Table) {
			if err := t.Register(id, named(name)); err != nil {
				panic(err)
			}
		}
	}
	for says, tc := range map[string]struct {
		before  func(*rmgr.Table)
		id      wal.RmgrID
		manager rmgr.Manager
		want    *rmgr.Error
	}{
		"a nil manager": {nil, 200, nil,
			&rmgr.Error{Message: "failed to register custom resource manager with ID 200", Detail: "The manager is nil."}},
		"an empty name, which is told before a bad ID": {nil, 100, named(""),
			&rmgr.Error{Message: "custom resource manager name is invalid", Hint: "Provide a non-empty name for the custom resource manager."}},
		"an ID of a built-in manager": {nil, 21, named("a"),
			&rmgr.Error{Message: "custom resource manager ID 21 is out of range", Hint: "Provide a custom resource manager ID between 128 and 255."}},
		"an ID that nobody may use, told before the end of start-up": {sealed, 127, named("a"),
			&rmgr.Error{Message: "custom resource manager ID 127 is out of range", Hint: "Provide a custom resource manager ID between 128 and 255."}},
		"after start-up": {sealed, 200, named("a b"),
			&rmgr.Error{Message: `failed to register custom resource manager "a b" with ID 200`, Detail: "Custom resource manager must be registered while initializing modules in preload_modules."}},
		"an ID that is taken, told before the name": {with(200, "first"), 200, named("first"),
			&rmgr.Error{Message: `failed to register custom resource manager "first" with ID 200`, Detail: `Custom resource manager "first" already registered with the same ID.`}},
		"the ID of the MODULES record": {nil, 250, named("a"),
			&rmgr.Error{Message: `failed to register custom resource manager "a" with ID 250`, Detail: `Custom resource manager "Modules" already registered with the same ID.`}},
		"a name that is taken, in other letters": {with(200, "First"), 201, named("fIRST"),
			&rmgr.Error{Message: `failed to register custom resource manager "fIRST" with ID 201`, Detail: "Existing resource manager with ID 200 has the same name."}},
		"a name of PostgreSQL's, registered here or not": {nil, 201, named("btree"),
			&rmgr.Error{Message: `failed to register custom resource manager "btree" with ID 201`, Detail: "Existing resource manager with ID 11 has the same name."}},
	} {
		t.Run(says, func(t *testing.T) {
			table := rmgr.NewTable()
			if tc.before != nil {
				tc.before(table)
			}
			var got *rmgr.Error
			if err := table.Register(tc.id, tc.manager); !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			tc.want.Code = "XX000"
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestRegisteredManagerIsFound(t *testing.T) {
	table := rmgr.NewTable()
	if err := errors.Join(
		table.RegisterBuiltin(wal.RmgrXLOG, named("XLOG")),
		table.RegisterBuiltin(wal.RmgrModules, named("Modules")),
		table.Register(200, named("b")), table.Register(128, named("a")),
	); err != nil {
		t.Fatal(err)
	}
	if m, ok := table.Lookup(200); !ok || m.Name() != "b" {
		t.Errorf("200 is %v, %t", m, ok)
	}
	if _, ok := table.Lookup(201); ok {
		t.Error("201 was found")
	}
	var ids []wal.RmgrID
	for id := range table.All() {
		ids = append(ids, id)
	}
	if diff := cmp.Diff([]wal.RmgrID{0, 128, 200, 250}, ids); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	entries := table.Entries()
	if len(entries) != 25 || entries[10] != (rmgr.Entry{ID: 10, Name: "Heap", Builtin: true}) || entries[22] != (rmgr.Entry{ID: 128, Name: "a"}) {
		t.Errorf("entries are %v", entries)
	}
	if r, ok := table.Registration(200); !ok || !r.Writes.Has(1) || r.Replays.Has(2) {
		t.Errorf("registration of 200 is %v", r)
	}
	for _, tc := range []struct {
		id   wal.RmgrID
		name string
	}{{10, "heap"}, {0, "XLOG"}, {200, "c"}, {22, "x"}} {
		if err := table.RegisterBuiltin(tc.id, named(tc.name)); err == nil {
			t.Errorf("built-in %d %q was taken", tc.id, tc.name)
		}
	}
}

func call(context.Context, rmgr.Session, []any, func(...any) error) error { return nil }

func function(name string) rmgr.Function {
	return rmgr.Function{Name: name, Returns: []rmgr.Column{{Name: name, Type: rmgr.Int8}}, Call: call}
}

func module(name, version string, id wal.RmgrID, change ...func(*rmgr.Module)) rmgr.Module {
	one := rmgr.FormatRange{Min: 1, Max: 1}
	m := rmgr.Module{Name: name, Version: version,
		Managers:  []rmgr.Registration{{ID: id, Manager: named(name), Writes: one, Replays: one}},
		Functions: []rmgr.Function{function(name + "_f")}}
	for _, c := range change {
		c(&m)
	}
	return m
}

func TestLoadRefusals(t *testing.T) {
	formats := func(writesMin, writesMax, replaysMin, replaysMax rmgr.Format) func(*rmgr.Module) {
		return func(m *rmgr.Module) {
			m.Managers[0].Writes, m.Managers[0].Replays = rmgr.FormatRange{Min: writesMin, Max: writesMax}, rmgr.FormatRange{Min: replaysMin, Max: replaysMax}
		}
	}
	a, b := module("a", "1.0.0", 200), module("b", "2.1.0-rc.1", 201)
	for says, tc := range map[string]struct {
		offered []rmgr.Module
		preload []string
		want    string // message, detail and hint
	}{
		"a module that the binary does not have": {[]rmgr.Module{b, a}, []string{"a", "c"}, `module "c" is not part of this binary. It offers a 1.0.0, b 2.1.0-rc.1.`},
		"any module of a binary without modules": {nil, []string{"a"}, `module "a" is not part of this binary. It offers no modules.`},
		"a module twice in preload_modules":      {[]rmgr.Module{a, b}, []string{"a", "b", "a"}, `module "a" is listed more than once. Name each module once in preload_modules.`},
		"two versions in one binary":             {[]rmgr.Module{a, module("a", "1.1.0", 200)}, nil, `module "a" is linked into this binary more than once. Build the node with one version of each module.`},
		"two modules with one ID":                {[]rmgr.Module{a, module("c", "1.0.0", 200)}, []string{"a", "c"}, `failed to register custom resource manager "c" with ID 200. Custom resource manager "a" already registered with the same ID.`},
		"two modules with one function": {[]rmgr.Module{a, module("c", "1.0.0", 202, func(m *rmgr.Module) { m.Functions[0].Name = "a_f" })}, []string{"a", "c"},
			`function "a_f" of module "c" exists already`},
		"a name that is no DNS label": {[]rmgr.Module{module("A_", "1.0.0", 200)}, nil, `module "A_" cannot be loaded. Its name must be a DNS label: 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at each end.`},
		"a version with a v":          {[]rmgr.Module{module("a", "v1.0.0", 200)}, nil, `module "a" cannot be loaded. Its version "v1.0.0" is not a semantic version without a leading v, as 1.2.0.`},
		"half a version":              {[]rmgr.Module{module("a", "1.0", 200)}, nil, `module "a" cannot be loaded. Its version "1.0" is not a semantic version without a leading v, as 1.2.0.`},
		"format 0":                    {[]rmgr.Module{module("a", "1.0.0", 200, formats(0, 1, 0, 1))}, nil, `module "a" cannot be loaded. Resource manager 200 writes formats 0–1; the range must begin at 1 or above and not be empty.`},
		"an empty range":              {[]rmgr.Module{module("a", "1.0.0", 200, formats(2, 1, 1, 2))}, nil, `module "a" cannot be loaded. Resource manager 200 writes formats 2–1; the range must begin at 1 or above and not be empty.`},
		"what it cannot replay":       {[]rmgr.Module{module("a", "1.0.0", 200, formats(1, 2, 2, 2))}, nil, `module "a" cannot be loaded. Resource manager 200 replays formats 2–2, which must contain what it writes, 1–2.`},
		"no manager":                  {[]rmgr.Module{{Name: "a", Version: "1.0.0"}}, nil, `module "a" cannot be loaded. It has no resource manager.`},
		"a nil manager":               {[]rmgr.Module{module("a", "1.0.0", 200, func(m *rmgr.Module) { m.Managers[0].Manager = nil })}, nil, `module "a" cannot be loaded. Its resource manager with ID 200 is nil.`},
		"a function without code":     {[]rmgr.Module{module("a", "1.0.0", 200, func(m *rmgr.Module) { m.Functions[0].Call = nil })}, nil, `module "a" cannot be loaded. Its function "a_f" has no name or no code.`},
		"a function that writes another's records": {[]rmgr.Module{module("a", "1.0.0", 200, func(m *rmgr.Module) { id := wal.RmgrID(201); m.Functions[0].Write = &id })}, nil,
			`module "a" cannot be loaded. Its function "a_f" writes records of ID 201, which is not the module's.`},
	} {
		t.Run(says, func(t *testing.T) {
			table := rmgr.NewTable()
			var got *rmgr.Error
			if err := table.Load(tc.offered, tc.preload); !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			text := got.Message
			for _, more := range []string{got.Detail, got.Hint} {
				if more != "" {
					text += ". " + more
				}
			}
			if text != tc.want {
				t.Errorf("got  %s\nwant %s", text, tc.want)
			}
			if len(table.Modules()) > 0 || len(table.Functions()) > 0 {
				t.Error("something was loaded")
			}
			if _, ok := table.Lookup(200); ok {
				t.Error("a manager was registered")
			}
		})
	}
}

func TestLoadOnlyWhatIsListed(t *testing.T) {
	table := rmgr.NewTable()
	offered := []rmgr.Module{module("b", "2.0.0", 201), module("off", "1.0.0", 203), module("a", "1.0.0", 200)}
	if err := table.Load(offered, []string{"b", "a"}); err != nil {
		t.Fatal(err)
	}
	if _, ok := table.Lookup(203); ok {
		t.Error("an unlisted module was loaded")
	}
	var names []string
	for _, f := range table.Functions() {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"b_f", "a_f"}, names); diff != "" {
		t.Errorf("functions (-want +got)\n%s", diff)
	}
	if _, ok := table.Function("a_f"); !ok {
		t.Error("a_f was not found")
	}
	if err := table.Load(offered, []string{"off"}); err != nil {
		t.Errorf("one more before the end of start-up: %v", err)
	}
	table.Seal()
	if err := table.Load(offered, []string{"a"}); err == nil {
		t.Error("a second time was accepted")
	}
}

// The JSON of a manifest is what node images print and the operator compares.
func TestManifestGolden(t *testing.T) {
	kv := module("kv", "1.3.0", 251, func(m *rmgr.Module) {
		m.Managers[0].Writes, m.Managers[0].Replays = rmgr.FormatRange{Min: 2, Max: 3}, rmgr.FormatRange{Min: 1, Max: 3}
		m.Managers = append(m.Managers, rmgr.Registration{ID: 140, Manager: named("kv index"), Writes: rmgr.FormatRange{Min: 1, Max: 1}, Replays: rmgr.FormatRange{Min: 1, Max: 1}})
	})
	offered := []rmgr.Module{module("ledger", "1.0.3", 252), kv}
	table := rmgr.NewTable()
	if err := table.Load(offered, []string{"ledger", "kv"}); err != nil {
		t.Fatal(err)
	}
	golden(t, "manifest.json", table.Manifest())
	if diff := cmp.Diff(rmgr.ManifestOf(offered), table.Manifest()); diff != "" {
		t.Errorf("offered and loaded differ:\n%s", diff)
	}
	golden(t, "manifest-empty.json", rmgr.NewTable().Manifest())
}

func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("%s (-want +got)\n%s", file, diff)
	}
}

func TestNotRegisteredError(t *testing.T) {
	for _, tc := range []struct {
		err  rmgr.NotRegisteredError
		hint string
	}{
		{rmgr.NotRegisteredError{ID: 200}, "Include the module that implements this resource manager in preload_modules."},
		{rmgr.NotRegisteredError{ID: 200, LSN: 0x1500028}, "Include the module that implements this resource manager in preload_modules. The first record that needs it is at 0/1500028."},
		{rmgr.NotRegisteredError{ID: 200, Module: "kv", Version: "1.3.0", LSN: 0x1500028}, `Include module "kv", version 1.3.0, which implements this resource manager, in preload_modules. The first record that needs it is at 0/1500028.`},
	} {
		if got, want := tc.err.Error(), "resource manager with ID 200 not registered"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := tc.err.Hint(); got != tc.hint {
			t.Errorf("got  %q\nwant %q", got, tc.hint)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Please reload.": "Please reload.", `say "hi"`: `say "hi"`, "a\nb\"": `a\nb"`, "\x1b[2J": `\x1b[2J`, "é\xff": `é\xff`, "": "",
	} {
		if got := rmgr.Printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

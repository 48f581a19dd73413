package rmgr

import (
	"fmt"
	"iter"
	"strings"

	"github.com/redoubt-wal/redoubt/wal"
)

// A Table holds the managers, modules and functions that one node has loaded (PostgreSQL's
// RmgrTable). It is filled at start-up, sealed, and only read from then on: methods that add are
// for one goroutine, the others for any number once the table is sealed.
type Table struct {
	managers  [256]Manager
	formats   [256]Registration // of managers that came with a module
	modules   []Module          // loaded, in order
	functions []Function
	byName    map[string]int // index into functions
	sealed    bool
}

// Default is the table of the process, for those who need no other.
var Default = NewTable()

// Register adds a manager to the default table.
func Register(id wal.RmgrID, m Manager) error { return Default.Register(id, m) }

// NewTable makes an empty table.
func NewTable() *Table { return &Table{byName: map[string]int{}} }

// Seal ends start-up: nothing can be added after it.
func (t *Table) Seal() { t.sealed = true }

// Register adds one custom manager (RegisterCustomRmgr), with PostgreSQL's refusals in PostgreSQL's
// order. A manager registered this way has the one record format 1; modules say more through [Table.Load].
func (t *Table) Register(id wal.RmgrID, m Manager) error {
	if m == nil {
		return refusal(fmt.Sprintf("failed to register custom resource manager with ID %d", id),
			"The manager is nil.", "")
	}
	name := m.Name()
	failed := fmt.Sprintf("failed to register custom resource manager %q with ID %d", name, id)
	switch {
	case name == "":
		return refusal("custom resource manager name is invalid", "",
			"Provide a non-empty name for the custom resource manager.")
	case !id.Custom():
		return refusal(fmt.Sprintf("custom resource manager ID %d is out of range", id), "",
			fmt.Sprintf("Provide a custom resource manager ID between %d and %d.", wal.RmgrMinCustom, wal.RmgrMaxCustom))
	case t.sealed:
		return refusal(failed, "Custom resource manager must be registered while initializing modules in preload_modules.", "")
	case t.nameOf(id) != "":
		return refusal(failed, fmt.Sprintf("Custom resource manager %q already registered with the same ID.", t.nameOf(id)), "")
	}
	if other, taken := t.idOf(name); taken {
		return refusal(failed, fmt.Sprintf("Existing resource manager with ID %d has the same name.", other), "")
	}
	t.managers[id] = m
	return nil
}

// RegisterBuiltin adds a manager that belongs to the engine under its own ID and name (0–21 and
// 250), with the functions that write its records.
func (t *Table) RegisterBuiltin(id wal.RmgrID, m Manager, functions ...Function) error {
	switch {
	case m == nil:
		return refusal(fmt.Sprintf("failed to register resource manager with ID %d", id), "The manager is nil.", "")
	case BuiltinName(id) == "" || BuiltinName(id) != m.Name():
		return refusal(fmt.Sprintf("failed to register resource manager %q with ID %d", m.Name(), id),
			"No built-in resource manager has this ID and name.", "")
	case t.sealed || t.managers[id] != nil:
		return refusal(fmt.Sprintf("failed to register resource manager %q with ID %d", m.Name(), id),
			"It is registered already, or start-up is over.", "")
	}
	if err := t.addFunctions("built in", functions); err != nil {
		return err
	}
	t.managers[id] = m
	return nil
}

// Lookup finds the manager of an ID.
func (t *Table) Lookup(id wal.RmgrID) (Manager, bool) {
	m := t.managers[id]
	return m, m != nil
}

// Registration is what the module of a loaded manager says about it. A manager registered without
// a module writes and replays format 1.
func (t *Table) Registration(id wal.RmgrID) (Registration, bool) {
	m := t.managers[id]
	if m == nil {
		return Registration{}, false
	}
	if r := t.formats[id]; r.Manager != nil {
		return r, true
	}
	one := FormatRange{Min: 1, Max: 1}
	return Registration{ID: id, Manager: m, Writes: one, Replays: one}, true
}

// All yields the registered managers in ascending order of ID: the order of Startup and Cleanup.
func (t *Table) All() iter.Seq2[wal.RmgrID, Manager] {
	return func(yield func(wal.RmgrID, Manager) bool) {
		for id, m := range t.managers {
			if m != nil && !yield(wal.RmgrID(id), m) {
				return
			}
		}
	}
}

// An Entry is one row of pg_get_wal_resource_managers().
type Entry struct {
	ID      wal.RmgrID
	Name    string
	Builtin bool
}

// Entries lists PostgreSQL's built-in managers, whether this node replays them or not, and the
// registered ones, in ascending order of ID.
func (t *Table) Entries() []Entry {
	var entries []Entry
	for id := range 256 {
		id := wal.RmgrID(id)
		if t.managers[id] == nil && id > wal.RmgrMaxBuiltin {
			continue
		}
		entries = append(entries, Entry{ID: id, Name: t.nameOf(id), Builtin: BuiltinName(id) != ""})
	}
	return entries
}

// Functions lists the functions of all that is loaded, in the order of loading.
func (t *Table) Functions() []Function { return t.functions }

// Function finds a function by its name.
func (t *Table) Function(name string) (Function, bool) {
	i, ok := t.byName[name]
	if !ok {
		return Function{}, false
	}
	return t.functions[i], true
}

// nameOf is the name that stands at id, also of built-in managers that are not registered.
func (t *Table) nameOf(id wal.RmgrID) string {
	if m := t.managers[id]; m != nil {
		return m.Name()
	}
	return BuiltinName(id)
}

func (t *Table) idOf(name string) (wal.RmgrID, bool) {
	for id := range 256 {
		if has := t.nameOf(wal.RmgrID(id)); has != "" && strings.EqualFold(has, name) {
			return wal.RmgrID(id), true
		}
	}
	return 0, false
}

func (t *Table) addFunctions(owner string, functions []Function) error {
	for _, f := range functions {
		if _, taken := t.byName[f.Name]; taken {
			return refusal(fmt.Sprintf("function %q of module %q exists already", f.Name, owner), "", "")
		}
		t.byName[f.Name] = len(t.functions)
		t.functions = append(t.functions, f)
	}
	return nil
}

// refusal is an error of start-up; PostgreSQL gives these no SQLSTATE of their own.
func refusal(message, detail, hint string) error {
	return &Error{Code: "XX000", Message: message, Detail: detail, Hint: hint}
}

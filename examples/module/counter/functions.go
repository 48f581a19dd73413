package counter

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

func functions() []rmgr.Function {
	id := ID
	name := rmgr.Column{Name: "name", Type: rmgr.Text}
	return []rmgr.Function{
		{Name: "counter_add", Args: []rmgr.Column{name, {Name: "n", Type: rmgr.Int8}}, Strict: true, Defaults: []any{int64(1)},
			Returns: []rmgr.Column{{Name: "counter_add", Type: rmgr.Int8}}, Write: &id, Call: callAdd},
		{Name: "counter_get", Args: []rmgr.Column{name}, Strict: true,
			Returns: []rmgr.Column{{Name: "counter_get", Type: rmgr.Int8}}, ReadsOf: &id, Call: callGet},
	}
}

// callAdd finds the counter, which no other write can change meanwhile, and emits one record.
func callAdd(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	a := add{name: args[0].(string), n: args[1].(int64)}
	value, full, fresh, err := look(s, a.name)
	switch {
	case err != nil:
		return err
	case full:
		return &rmgr.Error{Code: "53100", Message: fmt.Sprintf("no room for the counter %q", a.name)}
	case overflows(value, a.n):
		return &rmgr.Error{Code: "22003", Message: fmt.Sprintf("counter %q is %d and cannot grow by %d", a.name, value, a.n)}
	}
	a.before = value
	_, err = s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opAdd, Main: a.encode(s.Format(ID)),
		Blocks: []rmgr.NewBlock{{Rel: relation, Block: blockOf(a.name), WillInit: fresh}}})
	if err != nil {
		return err
	}
	return row(value + a.n)
}

func callGet(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	value, _, _, err := look(s, args[0].(string))
	if err != nil {
		return err
	}
	return row(value)
}

// look reads a counter; fresh says that its page is still to be made.
func look(s rmgr.Session, name string) (value int64, full, fresh bool, err error) {
	if err := checkName(name); err != nil {
		return 0, false, false, err
	}
	var damaged error
	fresh = true
	_, err = s.Page(relation, wal.ForkMain, blockOf(name), func(p []byte) {
		if page.IsNew(p) {
			return // a hole before a page that was made earlier
		}
		at := 0
		at, value, damaged = find(p, name)
		fresh, full = false, at+slotSize > page.Size
	})
	if err == nil && damaged != nil {
		err = &rmgr.Error{Code: "XX001", Message: damaged.Error()}
	}
	return value, full, fresh, err
}

package catalog_test

import (
	"context"
	"testing"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func TestRegistryRefusesWhatCannotBeToldApart(t *testing.T) {
	call := func(context.Context, rmgr.Session, []any, func(...any) error) error { return nil }
	r := &catalog.Registry{}
	if err := r.AddFunctions(rmgr.Function{Name: "f", Args: []rmgr.Column{{}, {}}, Defaults: []any{"x"}, Call: call}); err != nil {
		t.Fatal(err)
	}
	for name, fn := range map[string]rmgr.Function{
		"the same number of arguments, with defaults": {Name: "F", Args: []rmgr.Column{{}}, Call: call},
		"no Call": {Name: "g"},
		"no name": {Call: call},
	} {
		if err := r.AddFunctions(fn); err == nil {
			t.Errorf("a function with %s was added", name)
		}
	}
	if err := r.AddFunctions(rmgr.Function{Name: "f", Call: call}); err != nil {
		t.Errorf("another number of arguments: %v", err)
	}
}

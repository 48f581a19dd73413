package rmgr_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// What a function declares of its arguments is checked when its module is loaded, not when somebody
// calls it.
func TestFunctionsThatCannotBeCalledAreRefused(t *testing.T) {
	n, name := rmgr.Column{Name: "n", Type: rmgr.Int8}, rmgr.Column{Name: "name", Type: rmgr.Text}
	for why, c := range map[string]struct {
		f    rmgr.Function
		want string // detail
	}{
		"a default of Go's own int": {rmgr.Function{Args: []rmgr.Column{name, n}, Defaults: []any{1}},
			`Its function "f" has the default 1 (int) for its argument "n", whose type is kept as int64.`},
		"a default for the wrong argument": {rmgr.Function{Args: []rmgr.Column{name, n}, Defaults: []any{int64(1), int64(2)}},
			`Its function "f" has the default 1 (int64) for its argument "name", whose type is kept as string.`},
		"more defaults than arguments": {rmgr.Function{Args: []rmgr.Column{n}, Defaults: []any{int64(1), int64(2)}},
			`Its function "f" has more defaults than arguments that can have one.`},
		"a default for what may be repeated": {rmgr.Function{Args: []rmgr.Column{n}, Defaults: []any{int64(1)}, Variadic: true},
			`Its function "f" has more defaults than arguments that can have one.`},
		"nothing to repeat":               {rmgr.Function{Variadic: true}, `Its function "f" is variadic and has no argument to repeat.`},
		"a default before the repeated":   {rmgr.Function{Args: []rmgr.Column{n, name}, Defaults: []any{int64(1)}, Variadic: true}, ""},
		"NULL, the default of every type": {rmgr.Function{Args: []rmgr.Column{n}, Defaults: []any{nil}}, ""},
	} {
		t.Run(why, func(t *testing.T) {
			c.f.Name, c.f.Returns = "f", []rmgr.Column{n}
			c.f.Call = func(context.Context, rmgr.Session, []any, func(...any) error) error { return nil }
			m := module("a", "1.0.0", 200, func(m *rmgr.Module) { m.Functions = []rmgr.Function{c.f} })
			err := rmgr.NewTable().Load([]rmgr.Module{m}, []string{"a"})
			var refused *rmgr.Error
			if errors.As(err, &refused); c.want == "" && err != nil || c.want != "" && (refused == nil || refused.Detail != c.want) {
				t.Errorf("got %v, %+v; want %s", err, refused, c.want)
			}
		})
	}
}

func TestArgumentsAreCompleted(t *testing.T) {
	n := rmgr.Column{Name: "n", Type: rmgr.Int8}
	two := rmgr.Function{Args: []rmgr.Column{n, n}, Defaults: []any{int64(7)}}
	many := rmgr.Function{Args: []rmgr.Column{n, n, n}, Defaults: []any{int64(7)}, Variadic: true}
	for _, c := range []struct {
		f    rmgr.Function
		args []any
		want []any // nil: refused
	}{
		{two, []any{}, nil},
		{two, []any{1}, []any{1, int64(7)}},
		{two, []any{1, 2}, []any{1, 2}},
		{two, []any{1, 2, 3}, nil},
		{many, []any{}, nil},
		{many, []any{1}, []any{1, int64(7)}},
		{many, []any{1, 2}, []any{1, 2}},
		{many, []any{1, 2, 3, 4, 5}, []any{1, 2, 3, 4, 5}},
	} {
		got, ok := c.f.Complete(c.args)
		if ok != (c.want != nil) || ok && !cmp.Equal(got, c.want) {
			t.Errorf("%v: got %v, %t; want %v", c.args, got, ok, c.want)
		}
	}
}

package rmgr_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A function that does not give what it declares fails its statement, whether it listens or not.
func TestRowsAreWhatTheFunctionDeclares(t *testing.T) {
	two := []rmgr.Column{{Name: "k", Type: rmgr.Text}, {Name: "n", Type: rmgr.Int8}}
	for what, tc := range map[string]struct {
		row    []any
		detail string
	}{
		"as declared":      {[]any{"a", int64(1)}, ""},
		"NULL":             {[]any{nil, nil}, ""},
		"too few":          {[]any{"a"}, "Returned row contains 1 attributes, but query expects 2."},
		"too many":         {[]any{"a", int64(1), int64(2)}, "Returned row contains 3 attributes, but query expects 2."},
		"int for int64":    {[]any{"a", 1}, "Returned int at ordinal position 2, but query expects int64 (column n)."},
		"bytes for string": {[]any{[]byte("a"), int64(1)}, "Returned []uint8 at ordinal position 1, but query expects string (column k)."},
	} {
		for _, deaf := range []bool{false, true} {
			f := &rmgr.Function{Name: "f", Returns: two, Call: func(_ context.Context, _ rmgr.Session, _ []any, row func(...any) error) error {
				err := row(tc.row...)
				if deaf {
					return row("b", int64(2))
				}
				return err
			}}
			given, emitting := 0, false
			err := rmgr.Call(t.Context(), f, nil, nil, func(...any) error { given++; return nil }, &emitting)
			var refused *rmgr.Error
			switch {
			case tc.detail == "" && (err != nil || given == 0):
				t.Errorf("%s: %v, %d rows", what, err, given)
			case tc.detail != "" && (!errors.As(err, &refused) || refused.Code != "42804" || refused.Detail != tc.detail || given != 0):
				t.Errorf("%s, deaf %t: %d rows, %+v", what, deaf, given, err)
			}
		}
	}
}

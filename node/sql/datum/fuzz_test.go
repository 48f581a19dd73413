package datum_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// types are those that an expression computes with.
var types = []rmgr.Type{rmgr.Text, rmgr.Int8, rmgr.Int4, rmgr.Bool, rmgr.PgLSN, rmgr.Bytea, rmgr.Float8, rmgr.Timestamptz}

// What can be read is shown so that it is read as the same, and has a binary form.
func FuzzValues(f *testing.F) {
	f.Add("12", uint8(1))
	f.Add("\\x00ff", uint8(5))
	f.Add("2024-02-29 12:00:00+02", uint8(7))
	f.Add("1e-7", uint8(6))
	f.Add("FF/1", uint8(4))
	f.Fuzz(func(t *testing.T, text string, typ uint8) {
		kind := types[int(typ)%len(types)]
		v, err := datum.ParseText(kind, text)
		if err != nil {
			return
		}
		shown, err := datum.AppendText(nil, kind, v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := datum.ParseText(kind, string(shown))
		if err != nil {
			t.Fatalf("%q of type %s is shown as %q, which cannot be read: %v", text, datum.TypeName(kind), shown, err)
		}
		if twice, _ := datum.AppendText(nil, kind, again); string(twice) != string(shown) {
			t.Errorf("%q of type %s is shown as %q and then as %q", text, datum.TypeName(kind), shown, twice)
		}
		if _, err := datum.AppendBinary(nil, kind, v); err != nil {
			t.Errorf("%q of type %s has no binary form: %v", text, datum.TypeName(kind), err)
		}
	})
}

// An array that can be read is shown so that it is read as the same, of the same elements, and has a binary form.
func FuzzArrays(f *testing.F) {
	for i, seed := range []string{`{a,"b c", NULL ,\N\ULL,"\""}`, "{}", " { } ", "{1,2 , 3}", "{t,f}", `{"\\x00"}`, "{{1}}", "[1:1]={1}", "{,}", `{"a"b}`} {
		f.Add(seed, uint8(i))
	}
	f.Fuzz(func(t *testing.T, text string, typ uint8) {
		array := datum.ArrayOf(types[int(typ)%len(types)])
		v, err := datum.ParseArray(array, text)
		if err != nil {
			return
		}
		again, err := datum.ParseArray(array, v.(string))
		if err != nil || again != v {
			t.Errorf("%q of type %s is shown as %q and then as %q (%v)", text, datum.TypeName(array), v, again, err)
		}
		if _, ok := datum.SplitArray(v.(string)); !ok {
			t.Errorf("%q has no elements", v)
		}
		if _, err := datum.AppendBinary(nil, array, v); err != nil {
			t.Errorf("%q of type %s has no binary form: %v", v, datum.TypeName(array), err)
		}
	})
}

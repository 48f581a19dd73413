package field_test

import (
	"bytes"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr/field"
)

func TestFieldsInOrder(t *testing.T) {
	r := field.Reader{B: []byte{1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2, 'a', 'b', 'c'}}
	if a, b, c, d := r.U8(), r.U16(), r.U32(), r.U64(); a != 1 || b != 2 || c != 3 || d != 4 {
		t.Errorf("got %d %d %d %d", a, b, c, d)
	}
	if got := r.Bytes(r.Length()); string(got) != "ab" {
		t.Errorf("got %q", got)
	}
	if r.Done() || string(r.Rest()) != "c" || !r.Done() {
		t.Error("the rest is not c")
	}
}

func TestTooShortStaysBad(t *testing.T) {
	for says, read := range map[string]func(*field.Reader){
		"a number":             func(r *field.Reader) { r.U64() },
		"bytes":                func(r *field.Reader) { r.Bytes(3) },
		"a negative count":     func(r *field.Reader) { r.Bytes(-1) },
		"a length beyond":      func(r *field.Reader) { r.Bytes(r.Length()) },
		"a length without end": func(r *field.Reader) { r.B = bytes.Repeat([]byte{0xFF}, 20); r.Length() },
		"a length out of range": func(r *field.Reader) {
			r.B = []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1}
			r.Length()
		},
	} {
		r := field.Reader{B: []byte{9, 9}}
		read(&r)
		if !r.Bad || r.Done() || r.U8() != 0 || r.U16() != 0 || r.U32() != 0 || r.U64() != 0 || r.Length() != 0 || r.Rest() != nil {
			t.Errorf("%s: more was read", says)
		}
	}
}

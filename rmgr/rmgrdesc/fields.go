package rmgrdesc

import (
	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal"
)

// Sizes of what lists hold, in bytes. On disk: never change.
const (
	xidSize      = 4
	relationSize = 12
	lockSize     = 12
	messageSize  = 16
)

// fields reads a record's main data.
type fields struct{ field.Reader }

func newFields(main []byte) *fields { return &fields{field.Reader{B: main}} }

// A list is n elements of the same size.
type list struct {
	n, size int
	bytes   []byte
}

// list takes a count and as many elements.
func (f *fields) list(size int) list { return f.elements(int(int32(f.U32())), size) }

func (f *fields) elements(n, size int) list {
	if n < 0 || n > len(f.B)/size {
		f.Bad = true
		return list{}
	}
	return list{n, size, f.Bytes(n * size)}
}

// alignedList takes n elements and the padding behind them, which the last list may lack.
func (f *fields) alignedList(n, size int) list {
	l := f.elements(n, size)
	f.padding(n * size)
	return l
}

func (f *fields) aligned(n int) []byte {
	b := f.Bytes(n)
	f.padding(n)
	return b
}

func (f *fields) padding(n int) {
	if !f.Bad {
		f.Bytes(min(wal.Align8(n)-n, len(f.B)))
	}
}

// elements walks a list: next goes to each element in turn, whose fields are then read.
type elements struct {
	field.Reader
	rest []byte
	size int
}

func (l list) fields() *elements { return &elements{rest: l.bytes, size: l.size} }

func (e *elements) next() bool {
	if len(e.rest) == 0 {
		return false
	}
	e.B, e.rest = e.rest[:e.size], e.rest[e.size:]
	return true
}

// Package field reads the fields of a record or page whose bytes nobody vouches for: little-endian
// numbers of fixed width, varints and strings, one after the other, never past the end.
package field

import "encoding/binary"

// A Reader takes fields from the front. Once a field did not fit, it and all after it are zero, and
// Bad is true: check once, at the end.
type Reader struct {
	B   []byte
	Bad bool
}

// Bytes takes n bytes; they alias the input.
func (r *Reader) Bytes(n int) []byte {
	if r.Bad || n < 0 || n > len(r.B) {
		r.Bad = true
		return nil
	}
	out := r.B[:n:n]
	r.B = r.B[n:]
	return out
}

// Rest takes what is left.
func (r *Reader) Rest() []byte { return r.Bytes(len(r.B)) }

// U8 takes one byte.
func (r *Reader) U8() uint8 {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 takes two bytes.
func (r *Reader) U16() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 takes four bytes.
func (r *Reader) U32() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 takes eight bytes.
func (r *Reader) U64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Length takes a varint that counts bytes still to come; more than there are is bad.
func (r *Reader) Length() int {
	n, size := binary.Uvarint(r.B)
	if r.Bad || size <= 0 || n > uint64(len(r.B)-size) {
		r.Bad = true
		return 0
	}
	r.B = r.B[size:]
	return int(n)
}

// Done reports whether all fields fitted and nothing is left.
func (r *Reader) Done() bool { return !r.Bad && len(r.B) == 0 }

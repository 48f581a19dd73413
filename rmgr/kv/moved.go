package kv

import (
	"bytes"

	"github.com/redoubt-wal/redoubt/rmgr/field"
)

// movedItems is the block data of the page that receives items: a split's right one, a merge's left.
type movedItems struct {
	data  []byte
	level int
	op    uint8
}

func (m movedItems) sibling() uint32 {
	r := field.Reader{B: m.data}
	return r.U32()
}

func (m movedItems) each(visit func(item []byte) error) error {
	r := field.Reader{B: m.data}
	r.U32()
	for len(r.B) > 0 && !r.Bad {
		if err := visit(r.Bytes(int(r.U16()))); err != nil {
			return err
		}
	}
	if r.Bad {
		return errMalformed(m.op, len(m.data))
	}
	return nil
}

func (m movedItems) count() (n int) {
	_ = m.each(func([]byte) error { n++; return nil }) // checked before
	return n
}

// check looks at all items. The first of an inner page that a split makes has no key.
func (m movedItems) check() error {
	if len(m.data) < 4 {
		return errMalformed(m.op, len(m.data))
	}
	total, i := headerSize, 0
	var before []byte
	err := m.each(func(item []byte) error {
		key, err := m.key(item)
		bare := m.op == opSplit && m.level > 0 && i == 0
		switch {
		case err != nil:
			return err
		case m.level > 0 && bare != (len(key) == 0), i > 0 && bytes.Compare(before, key) >= 0:
			return errMalformed(m.op, len(m.data))
		}
		before = key
		total += lineSize + len(item)
		i++
		return nil
	})
	if err == nil && (total > specialAt || m.level > 0 && i == 0) {
		err = errMalformed(m.op, len(m.data))
	}
	return err
}

func (m movedItems) key(item []byte) (key []byte, err error) {
	if m.level > 0 {
		_, key, err = splitDownItem(item)
	} else {
		key, _, _, err = splitLeafItem(item)
	}
	return key, err
}

// first is the first item's key, nil if there is none.
func (m movedItems) first() (key []byte) {
	r := field.Reader{B: m.data}
	r.U32()
	if item := r.Bytes(int(r.U16())); item != nil {
		key, _ = m.key(item) // checked before
	}
	return key
}

// size is the room that the items take with their line pointers.
func (m movedItems) size() (n int) {
	_ = m.each(func(item []byte) error { n += lineSize + len(item); return nil }) // checked before
	return n
}

// appendTo puts the items behind those of n.
func (m movedItems) appendTo(n node) {
	i := n.count()
	_ = m.each(func(item []byte) error { // checked before
		n.insert(i, item, nil, nil)
		i++
		return nil
	})
}

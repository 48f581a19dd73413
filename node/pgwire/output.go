package pgwire

import (
	"encoding/binary"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// keepBuffer is how much of a buffer's memory outlives the answer it was for.
const keepBuffer = 64 << 10

// An output collects messages for the client until they are written at once.
type output struct {
	w   io.Writer
	buf []byte
}

// send queues a message; one that cannot be encoded is left out.
func (o *output) send(m pgproto3.BackendMessage) {
	if buf, err := m.Encode(o.buf); err == nil {
		o.buf = buf
	}
}

// write sends what is queued.
func (o *output) write() error { return o.writeInParts(len(o.buf), func() {}) }

// writeInParts sends what is queued and calls before for each part of at most size bytes.
func (o *output) writeInParts(size int, before func()) (err error) {
	for rest := o.buf; len(rest) > 0 && err == nil; {
		part := rest[:min(len(rest), size)]
		rest = rest[len(part):]
		before()
		_, err = o.w.Write(part)
	}
	if cap(o.buf) > keepBuffer {
		o.buf = nil
	}
	o.buf = o.buf[:0]
	return err
}

// begin queues a message's head and returns where its length belongs; end fills it in.
func (o *output) begin(kind byte) int {
	o.buf = append(o.buf, kind, 0, 0, 0, 0)
	return len(o.buf) - 4
}

func (o *output) end(at int) {
	binary.BigEndian.PutUint32(o.buf[at:], uint32(len(o.buf)-at))
}

func (o *output) empty(kind byte) { o.end(o.begin(kind)) }

func (o *output) ready(status byte) {
	o.buf = append(o.buf, 'Z', 0, 0, 0, 5, status)
}

func (o *output) complete(tag string) {
	at := o.begin('C')
	o.buf = append(append(o.buf, tag...), 0)
	o.end(at)
}

func (o *output) completeTag(tag sql.Tag) {
	at := o.begin('C')
	o.buf = append(tag.AppendTo(o.buf), 0)
	o.end(at)
}

// formatOf is a column's format code: none given is text, one counts for all.
func formatOf(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return 0
	case 1:
		return formats[0]
	}
	return formats[i]
}

func (o *output) rowDescription(columns []rmgr.Column, formats []int16) {
	at := o.begin('T')
	o.buf = binary.BigEndian.AppendUint16(o.buf, uint16(len(columns)))
	for i, c := range columns {
		o.buf = append(append(o.buf, c.Name...), 0)
		o.buf = append(o.buf, 0, 0, 0, 0, 0, 0) // no table, no column of one
		o.buf = binary.BigEndian.AppendUint32(o.buf, datum.OID(c.Type))
		o.buf = binary.BigEndian.AppendUint16(o.buf, uint16(datum.Size(c.Type)))
		o.buf = append(o.buf, 0xff, 0xff, 0xff, 0xff) // no type modifier
		o.buf = binary.BigEndian.AppendUint16(o.buf, uint16(formatOf(formats, i)))
	}
	o.end(at)
}

// dataRow queues a row; after an error nothing of it is queued.
func (o *output) dataRow(columns []rmgr.Column, formats []int16, row []any) error {
	start := len(o.buf)
	at := o.begin('D')
	o.buf = binary.BigEndian.AppendUint16(o.buf, uint16(len(row)))
	for i, v := range row {
		if v == nil {
			o.buf = append(o.buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		length := len(o.buf)
		o.buf = append(o.buf, 0, 0, 0, 0)
		var err error
		if formatOf(formats, i) == 1 {
			o.buf, err = datum.AppendBinary(o.buf, columns[i].Type, v)
		} else {
			o.buf, err = datum.AppendText(o.buf, columns[i].Type, v)
		}
		if err != nil {
			o.buf = o.buf[:start]
			return err
		}
		binary.BigEndian.PutUint32(o.buf[length:], uint32(len(o.buf)-length-4))
	}
	o.end(at)
	return nil
}

func (o *output) copyData(parts ...[]byte) {
	at := o.begin('d')
	for _, p := range parts {
		o.buf = append(o.buf, p...)
	}
	o.end(at)
}

func (o *output) parameterDescription(oids []uint32) {
	at := o.begin('t')
	o.buf = binary.BigEndian.AppendUint16(o.buf, uint16(len(oids)))
	for _, oid := range oids {
		o.buf = binary.BigEndian.AppendUint32(o.buf, oid)
	}
	o.end(at)
}

func (o *output) failure(severity string, err error) { o.send(errorResponse(severity, err)) }

func (o *output) notices(list []sql.Notice) {
	for i := range list {
		n := pgproto3.NoticeResponse(*errorResponse(list[i].Severity, &list[i].Condition))
		o.send(&n)
	}
}

func (o *output) parameters(list []sql.Parameter) {
	for _, p := range list {
		o.send(&pgproto3.ParameterStatus{Name: p.Name, Value: p.Value})
	}
}

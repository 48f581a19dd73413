package replication

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Column names and types a column of an answer; the types are PostgreSQL's.
type Column struct {
	name string
	oid  uint32
	size int16
}

func Text(name string) Column { return Column{name, 25, -1} }
func OID(name string) Column  { return Column{name, 26, 4} }
func Int4(name string) Column { return Column{name, 23, 4} }
func Int8(name string) Column { return Column{name, 20, 8} }

// SendRows queues a result set in text format, without its CommandComplete. nil is NULL.
func SendRows(c Conn, columns []Column, rows ...[]any) {
	d := &pgproto3.RowDescription{}
	for _, col := range columns {
		d.Fields = append(d.Fields, pgproto3.FieldDescription{
			Name: []byte(col.name), DataTypeOID: col.oid, DataTypeSize: col.size, TypeModifier: -1,
		})
	}
	c.Send(d)
	for _, row := range rows {
		m := &pgproto3.DataRow{}
		for _, v := range row {
			switch v := v.(type) {
			case nil:
				m.Values = append(m.Values, nil)
			case []byte:
				m.Values = append(m.Values, v)
			default:
				m.Values = append(m.Values, fmt.Append([]byte{}, v))
			}
		}
		c.Send(m)
	}
}

// Complete queues a CommandComplete.
func Complete(c Conn, tag string) {
	c.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
}

// sendError queues an ErrorResponse; an error without SQLSTATE is an internal one.
func sendError(c Conn, err error) {
	m := &pgproto3.ErrorResponse{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "XX000", Message: err.Error()}
	var e *rmgr.Error
	if errors.As(err, &e) {
		m.Code, m.Message, m.Detail, m.Hint = e.Code, e.Message, e.Detail, e.Hint
	}
	c.Send(m)
}

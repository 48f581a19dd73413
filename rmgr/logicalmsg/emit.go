package logicalmsg

import (
	"context"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// Functions are what the node publishes beside the manager: table.RegisterBuiltin(ID, Manager{}, Functions()...).
func Functions() []rmgr.Function {
	id := ID
	return []rmgr.Function{{
		Name: "pg_logical_emit_message",
		Args: []rmgr.Column{{Name: "transactional", Type: rmgr.Bool}, {Name: "prefix", Type: rmgr.Text}, {Name: "content", Type: rmgr.Text}}, Strict: true,
		Write: &id, Returns: []rmgr.Column{{Name: "pg_logical_emit_message", Type: rmgr.PgLSN}}, Call: emitMessage,
	}}
}

// emitMessage takes the content as string, or as []byte from a caller that has resolved the bytea form.
func emitMessage(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	m := Message{Database: database, Transactional: args[0].(bool), Prefix: args[1].(string)}
	switch content := args[2].(type) {
	case string:
		m.Content = []byte(content)
	case []byte:
		m.Content = content
	}
	if strings.IndexByte(m.Prefix, 0) >= 0 {
		return &rmgr.Error{Code: "22021", Message: "the prefix must not contain a zero byte"}
	}
	lsn, err := s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opMessage, Main: m.encode(), Transactional: m.Transactional})
	if err != nil {
		return err
	}
	return row(lsn)
}

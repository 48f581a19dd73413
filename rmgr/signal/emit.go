package signal

import (
	"context"
	"fmt"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

func functions() []rmgr.Function {
	id := ID
	return []rmgr.Function{{
		Name: "signal_rmgr", Args: []rmgr.Column{{Name: "signal", Type: rmgr.Int4}, {Name: "reason", Type: rmgr.Text}}, Strict: true,
		Write: &id, Returns: []rmgr.Column{{Name: "signal_rmgr", Type: rmgr.PgLSN}}, Call: callSignal,
	}}
}

func callSignal(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	m := message{signal: int(args[0].(int64)), reason: args[1].(string)}
	if err := allowed(m); err != nil {
		return err
	}
	lsn, err := s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opSignal, Main: m.encode()})
	if err != nil {
		return err
	}
	return row(lsn)
}

func allowed(m message) error {
	switch {
	case signals[m.signal] == "":
		return &rmgr.Error{Code: "22023", Message: fmt.Sprintf("signal %d is not supported", m.signal),
			Hint: "Use 1 (SIGHUP), 2 (SIGINT), 9 (SIGKILL) or 15 (SIGTERM)."}
	case len(m.reason) > maxReason || strings.IndexByte(m.reason, 0) >= 0:
		return &rmgr.Error{Code: "22023", Message: fmt.Sprintf("the reason must be text of at most %d bytes", maxReason)}
	}
	return nil
}

package testrmgr

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal"
)

// ID is RM_EXPERIMENTAL_ID.
const ID = wal.RmgrExperimental

// opMessage is the only operation. On disk: never renumber.
const opMessage uint8 = 0x00

var formats = rmgr.FormatRange{Min: 1, Max: 1}

// Module is test_custom_rmgrs.
var Module = rmgr.Module{
	Name: "testrmgr", Version: "1.0.0",
	Managers:  []rmgr.Registration{{ID: ID, Manager: manager{}, Writes: formats, Replays: formats}},
	Functions: functions(),
}

func functions() []rmgr.Function {
	id := ID
	return []rmgr.Function{{
		Name: "test_custom_rmgrs_insert_wal_record", Args: []rmgr.Column{{Name: "payload", Type: rmgr.Text}}, Strict: true,
		Write: &id, Returns: []rmgr.Column{{Name: "test_custom_rmgrs_insert_wal_record", Type: rmgr.PgLSN}}, Call: insert,
	}}
}

func insert(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	payload := args[0].(string)
	main := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+len(payload)), uint64(len(payload)))
	lsn, err := s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opMessage, Main: append(main, payload...)})
	if err != nil {
		return err
	}
	return row(lsn)
}

type manager struct{}

func (manager) Name() string { return "test_custom_rmgrs" }

func (manager) Identify(info uint8) string {
	if info&0xF0 == opMessage {
		return "TEST_CUSTOM_RMGRS_MESSAGE"
	}
	return ""
}

// RedoesPagesApart makes manager an rmgr.Pagewise.
func (manager) RedoesPagesApart() {}

// Redo changes nothing.
func (manager) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if rec.Op() != opMessage {
		return fmt.Errorf("test_custom_rmgrs has no operation %02X", rec.Op())
	}
	if err := rmgr.CheckFormat(ctx, rec, formats); err != nil {
		return err
	}
	_, err := payload(rec)
	return err
}

func payload(rec *wal.Record) ([]byte, error) {
	r := field.Reader{B: rec.Main}
	size := r.U64()
	text := r.Rest()
	if r.Bad || size != uint64(len(text)) {
		return nil, fmt.Errorf("test_custom_rmgrs: malformed record of %d bytes", len(rec.Main))
	}
	return text, nil
}

// Describe prints "payload (10 bytes): payload123".
func (manager) Describe(w io.Writer, rec *wal.Record) {
	text, err := payload(rec)
	if err != nil || rec.Op() != opMessage {
		fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
		return
	}
	fmt.Fprintf(w, "payload (%d bytes): %s", len(text), rmgr.Printable(string(text)))
}

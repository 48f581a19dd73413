package ledger

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Decode gives an insert of "ledger.account" for OPEN and a "transfer" of "ledger" for TRANSFER; the
// pages' own affairs are no logical change.
func (manager) Decode(rec *wal.Record, f rmgr.Format, emit func(rmgr.Change)) error {
	if len(rec.Main) == 0 || rec.Main[0] != format || f != 0 && f != format {
		return fmt.Errorf("ledger: %s in format %d: version %s decodes format %d", identify(rec.Info), f, version, format)
	}
	switch rec.Op() {
	case opInit, opSplit, opDeepen:
		return nil
	case opOpen:
		o, err := parseOpening(rec)
		if err != nil {
			return err
		}
		emit(rmgr.Change{Action: "insert", Object: "ledger.account", Columns: map[string]any{
			"account": string(o.name), "balance": o.balance}})
		return nil
	case opTransfer:
		t, err := parseTransfer(rec)
		if err != nil {
			return err
		}
		emit(rmgr.Change{Action: "transfer", Object: "ledger", Columns: map[string]any{
			"src": string(t.src), "dst": string(t.dst), "amount": t.amount}})
		return nil
	}
	return fmt.Errorf("ledger has no operation %02X", rec.Op())
}

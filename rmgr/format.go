package rmgr

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// CheckFormat refuses a record in a format outside replays. It is for managers whose records do not
// say themselves which format they have; a format that is not known passes.
func CheckFormat(ctx RedoContext, rec *wal.Record, replays FormatRange) error {
	if f := ctx.Format(); f != 0 && !replays.Has(f) {
		return fmt.Errorf("resource manager %d: record in format %d, this version replays formats %d–%d", rec.Rmgr, f, replays.Min, replays.Max)
	}
	return nil
}

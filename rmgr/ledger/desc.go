package ledger

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/wal"
)

// Describe prints who, whom and how much.
func (manager) Describe(w io.Writer, rec *wal.Record) {
	if len(rec.Main) > 0 && rec.Main[0] != format {
		fmt.Fprintf(w, "format %d, which version %s does not know (%d bytes)", rec.Main[0], version, len(rec.Main))
		return
	}
	switch rec.Op() {
	case opInit:
		if len(rec.Main) == 1 {
			fmt.Fprint(w, "meta 0, directory 1, bucket 2")
			return
		}
	case opOpen:
		if o, err := parseOpening(rec); err == nil {
			fmt.Fprintf(w, "account %q, balance %d", o.name, o.balance)
			return
		}
	case opTransfer:
		if t, err := parseTransfer(rec); err == nil {
			fmt.Fprintf(w, "from %q slot %d to %q slot %d, amount %d", t.src, t.srcSlot, t.dst, t.dstSlot, t.amount)
			return
		}
	case opSplit:
		if g, err := parseGrowth(rec); err == nil {
			fmt.Fprintf(w, "bucket %d, new %d from entry %d of directory %d, depth %d", g.bucket, g.fresh, g.entry, g.directory, g.number)
			return
		}
	case opDeepen:
		if g, err := parseGrowth(rec); err == nil {
			fmt.Fprintf(w, "bucket %d, new directory %d at entry %d of directory %d, level %d", g.bucket, g.fresh, g.entry, g.directory, g.number)
			return
		}
	}
	fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
}

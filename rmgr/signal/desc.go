package signal

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Describe prints "signal 1; reason Please reload. (15 bytes)".
func (manager) Describe(w io.Writer, rec *wal.Record) {
	m, err := parse(rec.Main)
	if err != nil || rec.Op() != opSignal {
		fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
		return
	}
	fmt.Fprintf(w, "signal %d; reason %s (%d bytes)", m.signal, rmgr.Printable(m.reason), m.size())
}

package kv

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/wal"
)

// Describe prints keys and lengths; values stay out of what people read.
func (manager) Describe(w io.Writer, rec *wal.Record) {
	switch op := rec.Op(); op {
	case opInit:
		fmt.Fprint(w, "meta 0, root 1")
	case opInsert, opUpdate, opDelete:
		f, c, err := parseChange(op, rec.Main)
		if err != nil {
			break
		}
		fmt.Fprintf(w, "key %s", quote(c.key))
		if op != opDelete {
			fmt.Fprintf(w, ", value (%d bytes)", len(c.value))
		}
		if c.hasOld {
			fmt.Fprintf(w, ", old value (%d bytes)", len(c.old))
		}
		if c.slot >= 0 {
			fmt.Fprintf(w, ", slot %d", c.slot)
		}
		fmt.Fprintf(w, "; format %d", f)
		return
	case opSplit:
		f, s, err := parseSplit(rec.Main)
		if err != nil {
			break
		}
		what := "page"
		if s.root {
			what = "root"
		}
		fmt.Fprintf(w, "%s %d of level %d keeps %d items, right %d from %s, parent %d; format %d",
			what, s.left, s.level, s.kept, s.right, quote(s.separator), s.parent, f)
		return
	}
	if rec.Op() != opInit {
		fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
	}
}

// quote prints a key in one line and not too long.
func quote(key []byte) string {
	const most = 64
	if len(key) > most {
		return fmt.Sprintf("%q…", key[:most])
	}
	return fmt.Sprintf("%q", key)
}

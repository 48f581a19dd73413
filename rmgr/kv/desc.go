package kv

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Describe prints keys and lengths; values stay out of what people read.
func (m manager) Describe(w io.Writer, rec *wal.Record) {
	if len(rec.Main) > 0 && !m.knows(rmgr.Format(rec.Main[0])) {
		fmt.Fprintf(w, "format %d, which version %s does not know (%d bytes)", rec.Main[0], m.version, len(rec.Main))
		return
	}
	text, f, err := describe(rec.Op(), rec.Main)
	switch {
	case err != nil || !has(f, rec.Op()):
		fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
	case rec.Op() == opInit:
		fmt.Fprint(w, text)
	default:
		fmt.Fprintf(w, "%s; format %d", text, f)
	}
}

func describe(op uint8, main []byte) (text string, f rmgr.Format, err error) {
	switch op {
	case opInit:
		f, err := parseInit(main)
		return "meta 0, root 1", f, err
	case opInsert, opUpdate, opDelete:
		f, c, err := parseChange(op, main)
		return describeChange(op, c), f, err
	case opSplit:
		f, s, err := parseSplit(main)
		what := "page"
		if s.root {
			what = "root"
		}
		text := fmt.Sprintf("%s %d of level %d keeps %d items, right %d from %s, parent %d",
			what, s.left, s.level, s.kept, s.right, quote(s.separator), s.parent)
		if s.reused > 0 {
			text += fmt.Sprintf(", %d from the free list, which goes on at %d", s.reused, s.free)
		}
		return text, f, err
	case opMerge:
		f, m, err := parseMerge(main)
		return fmt.Sprintf("page %d of level %d takes the items of %d, slot %d of parent %d", m.left, m.level, m.right, m.slot, m.parent), f, err
	case opCollapse:
		f, c, err := parseCollapse(main)
		return fmt.Sprintf("root %d of level %d gives way to its only child %d", c.root, c.level, c.child), f, err
	case opChain:
		f, r, err := parseRun(main)
		return fmt.Sprintf("value of %d bytes from byte %d on, next page %d, %d from the free list, which goes on at %d",
			r.total, r.offset, r.next, r.reused, r.free), f, err
	case opRelease:
		f, r, err := parseRelease(main)
		return fmt.Sprintf("%d pages from %d to %d that no value got, before free page %d", r.pending.pages, r.pending.head, r.pending.tail, r.free), f, err
	case opExchange:
		f, x, err := parseExchange(main)
		return describeExchange(x), f, err
	}
	return "", 0, fmt.Errorf("kv has no operation %02X", op)
}

func describeChange(op uint8, c change) string {
	text := "key " + quote(c.key)
	if op != opDelete {
		text += fmt.Sprintf(", value (%d bytes)", len(c.value))
	}
	if c.hasOld {
		text += fmt.Sprintf(", old value (%d bytes)", len(c.old))
	}
	if c.slot >= 0 {
		text += fmt.Sprintf(", slot %d", c.slot)
	}
	return text
}

func describeExchange(x exchange) string {
	text := "key " + quote(x.key)
	side := func(what string, kind uint8, value []byte, c chain) {
		switch kind {
		case inline:
			text += fmt.Sprintf(", %s (%d bytes)", what, len(value))
		case onChain:
			text += fmt.Sprintf(", %s (%d bytes in %d pages from %d to %d)", what, c.length, c.pages(), c.head, c.tail)
		}
	}
	side("value", x.is, x.value, x.to)
	side("old value", x.was, x.old, x.from)
	return fmt.Sprintf("%s, leaf %d", text, x.leaf)
}

// quote prints a key in one line and not too long.
func quote(key []byte) string {
	const most = 64
	if len(key) > most {
		return fmt.Sprintf("%q…", key[:most])
	}
	return fmt.Sprintf("%q", key)
}

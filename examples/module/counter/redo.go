package counter

import (
	"bytes"
	"fmt"
	"math"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// Redo is rmgr.Manager: parse, get the page, check all, then change.
func (manager) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	f, a, err := parse(rec)
	if err != nil {
		return err
	}
	if want := ctx.Format(); want != 0 && want != f {
		return fmt.Errorf("counter: record in format %d where format %d is in force", f, want)
	}
	if len(rec.Blocks) != 1 || rec.Blocks[0].Rel != relation || rec.Blocks[0].Block != blockOf(a.name) {
		return fmt.Errorf("counter: malformed record: %q does not lie on the page that is named", a.name)
	}
	p, action, err := ctx.Block(rec, rec.Blocks[0].ID)
	if err != nil || action != rmgr.NeedsRedo {
		return err // restored from its image, done already, or not there any more
	}
	return apply(p, f, a, rec.Blocks[0].WillInit)
}

// apply changes the page, or does not and says why.
func apply(p []byte, f rmgr.Format, a add, fresh bool) error {
	at, value, err := page.HeaderSize, int64(0), error(nil)
	if !fresh {
		at, value, err = find(p, a.name)
	}
	switch {
	case err != nil:
		return err
	case f >= 2 && value != a.before:
		return fmt.Errorf("counter: %q is %d, the record was made when it was %d", a.name, value, a.before)
	case overflows(value, a.n):
		return fmt.Errorf("counter: %q is %d and cannot grow by %d", a.name, value, a.n)
	case at+slotSize > page.Size:
		return fmt.Errorf("counter: no room for %q", a.name)
	}
	if fresh {
		page.Init(p, 0)
	}
	if at == page.Lower(p) {
		clear(p[at : at+nameSize])
		copy(p[at:], a.name)
		page.SetLower(p, at+slotSize)
	}
	le.PutUint64(p[at+nameSize:], uint64(value+a.n))
	return nil
}

// find looks for a counter's slot; one that is not there would be at the end, with the value 0.
func find(p []byte, name string) (at int, value int64, err error) {
	end := page.Lower(p)
	if len(p) != page.Size || page.IsNew(p) || end < page.HeaderSize || end > page.Size || (end-page.HeaderSize)%slotSize != 0 {
		return 0, 0, fmt.Errorf("counter: page is damaged: lower is %d", end)
	}
	for at = page.HeaderSize; at < end; at += slotSize {
		if string(bytes.TrimRight(p[at:at+nameSize], "\x00")) == name {
			return at, int64(le.Uint64(p[at+nameSize:])), nil
		}
	}
	return end, 0, nil
}

func overflows(value, n int64) bool {
	return n > 0 && value > math.MaxInt64-n || n < 0 && value < math.MinInt64-n
}

// blockOf is the page of a name: FNV-1a, modulo 16. On disk: never change.
func blockOf(name string) uint32 {
	h := uint32(2166136261)
	for _, c := range []byte(name) {
		h = (h ^ uint32(c)) * 16777619
	}
	return h % pages
}

func checkName(name string) error {
	if name == "" || len(name) > nameSize || bytes.IndexByte([]byte(name), 0) >= 0 {
		return &rmgr.Error{Code: "22023", Message: fmt.Sprintf("a counter's name has 1 to %d bytes and no zero byte", nameSize)}
	}
	return nil
}

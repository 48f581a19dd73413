package rmgrtest

import (
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// keeping is a counter that promises to keep what it changes.
type keeping struct{ counter }

func (keeping) KeepsWhatItChanges() {}

// keepingFrom keeps the page from some byte on, and then does what a sound counter does.
func keepingFrom(from int) keeping {
	c := sound()
	c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
		if p, action, err := ctx.Block(rec, 0); err == nil && action == rmgr.NeedsRedo && len(p) == page.Size {
			ctx.Keep(p[from:32])
		}
		return redoSound(ctx, rec)
	}
	return keeping{c}
}

func TestAKeeperThatKeepsWhatItChangesPasses(t *testing.T) { Run(t, counterModule(keepingFrom(10))) }

func TestAKeeperThatKeepsTooLittleIsFound(t *testing.T) {
	if got := failures(counterModule(keepingFrom(25))); !strings.Contains(got, "changes byte 24 of block 0, which it did not keep") {
		t.Errorf("the kit says %q", got)
	}
}

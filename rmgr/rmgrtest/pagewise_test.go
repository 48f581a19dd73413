package rmgrtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// apart is a counter that promises to redo its pages apart.
type apart struct{ counter }

func (apart) RedoesPagesApart() {}

func TestAManagerThatRedoesPagesApartPasses(t *testing.T) { Run(t, counterModule(apart{sound()})) }

func TestAManagerThatLooksAtOtherPagesIsFound(t *testing.T) {
	c := sound()
	c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
		if len(rec.Blocks) == 1 {
			if p, action, err := ctx.Block(rec, 0); err == nil && p == nil && action == rmgr.Done {
				return errors.New("I want to see it")
			}
		}
		return redoSound(ctx, rec)
	}
	if got := failures(counterModule(apart{c})); !strings.Contains(got, "with some of its pages: I want to see it") {
		t.Errorf("the kit says %q", got)
	}
}

package rmgrtest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// sharers is how many goroutines share the pages of a Pagewise manager in the test.
const sharers = 3

// pagewise replays the log in several goroutines, each of which changes its own pages only and does not
// see the others.
func pagewise(t testing.TB, e *Engine, r rmgr.Registration) {
	var shares [sharers]Pages
	var failed [sharers]error
	var group sync.WaitGroup
	for i := range shares {
		shares[i] = Pages{}
		group.Go(func() { failed[i] = replayShare(shares[i], e, r, i) })
	}
	group.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		t.Fatal(err)
	}
	for key := range e.Pages {
		if !rmgr.Owns(r.ID, key.Rel) {
			continue
		}
		if mine := shares[key.Block%sharers]; !bytes.Equal(e.masked(e.Pages, key), e.masked(mine, key)) {
			t.Errorf("block %d of %s differs when Redo gets nothing but this page", key.Block, key.Rel)
		}
	}
}

func replayShare(pages Pages, e *Engine, r rmgr.Registration, share int) (err error) {
	for i := range e.Log {
		entry := &e.Log[i]
		if entry.Record.Rmgr != r.ID {
			continue
		}
		ctx := &redoContext{pages: pages, format: entry.Format, replaying: true, others: func(k PageKey) bool { return int(k.Block%sharers) != share }}
		if err := pages.redo(r.Manager, ctx, &entry.Record, entry.Record.End); err != nil {
			return fmt.Errorf("record %d, %s at %s, with some of its pages: %w", i, r.Manager.Identify(entry.Record.Info), entry.Record.LSN, err)
		}
	}
	return nil
}

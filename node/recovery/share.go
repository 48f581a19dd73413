package recovery

import (
	"errors"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Share is the part of all pages that one of several workers replays. Each of them reads the whole log
// and changes its own pages only, so that none waits for another: the redo of a page looks at no other
// page, since any of them may be newer after a crash.
//
//	         │ blocks 1, 3, 5 … of Pagewise managers │ blocks 0, 2, 4 …  │ all pages of other managers
//	worker 0 │                  ✓                    │                   │             ✓
//	worker 1 │                                       │         ✓         │
//
// Block 0 is often the one that every record of a manager changes, and worker 0 has more to do besides;
// so the last worker has it.
type Share struct{ Worker, Of int } // Of up to 1: all pages

// errTogether is the end of a worker that meets a record which must be replayed by one alone.
var errTogether = errors.New("the record's resource manager does not redo its pages one by one, and they are not all its own")

// has reports whether a page is part of a's share.
func (a *Applier) has(ref *wal.BlockRef) bool {
	if a.Share.Of <= 1 {
		return true
	}
	if s := &a.asked; s.rel != ref.Rel {
		owner, ok := rmgr.Owner(ref.Rel)
		s.rel, s.whole = ref.Rel, ok && !a.lookup(owner).pagewise
	}
	if a.asked.whole {
		return a.Share.Worker == 0
	}
	return a.Share.Worker == a.Share.Of-1-int(ref.Block%uint32(a.Share.Of))
}

// asked is what was said last: the zero value of the zero relation, which is nobody's.
type asked struct {
	rel   wal.RelFileLocator
	whole bool // all its pages are worker 0's
}

// mine reports whether the worker has something to do for rec.
func (a *Applier) mine(rec *wal.Record, l *loaded) (bool, error) {
	n := 0
	for i := range rec.Blocks {
		if a.has(&rec.Blocks[i]) {
			n++
		}
	}
	switch {
	case l.pagewise && len(rec.Blocks) == 0:
		return a.Share.Worker == a.Share.Of-1, nil
	case l.pagewise:
		return n > 0, nil
	case a.Share.Worker == 0 && n == len(rec.Blocks):
		return true, nil
	case n > 0:
		return false, errTogether
	}
	return false, nil
}

package engine

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/pagedigest"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// PageDigests sums up the pages of every manager that has any, for comparison with another node. It
// reads all of them. While it reads those of one manager, that manager's records are neither written
// nor replayed here.
func (e *Engine) PageDigests(ctx context.Context) ([]pagedigest.Digest, error) {
	if e.InRecovery() && !e.replay.isConsistent() {
		return nil, errNotReady
	}
	var all []pagedigest.Digest
	for id, m := range e.o.Table.All() {
		d, err := e.pageDigest(ctx, id, m)
		if err != nil {
			return nil, err
		}
		if d.Pages > 0 {
			all = append(all, d)
		}
	}
	return all, nil
}

func (e *Engine) pageDigest(ctx context.Context, id wal.RmgrID, m rmgr.Manager) (pagedigest.Digest, error) {
	latch := &e.managers[id]
	if err := latch.RLockContext(ctx); err != nil {
		return pagedigest.Digest{}, err
	}
	defer latch.RUnlock()
	return pagedigest.Of(cancellable{&session{e: e, ctx: ctx}}, id, m)
}

// cancellable pages end the reading of a whole relation when the statement is cancelled.
type cancellable struct{ *session }

// Page is pagedigest.Pages.
func (c cancellable) Page(rel wal.RelFileLocator, fork wal.ForkNumber, block uint32, fn func(page []byte)) (bool, error) {
	if c.ctx.Err() != nil {
		return false, context.Cause(c.ctx)
	}
	return c.session.Page(rel, fork, block, fn)
}

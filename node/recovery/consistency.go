package recovery

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// ErrInconsistent says that replay made another page than the primary had (wal_consistency_checking).
var ErrInconsistent = errors.New("inconsistent page found")

// compare checks the pages of a record that carries images for it. The record asks for it, not a
// setting of this node.
func (a *Applier) compare(m rmgr.Manager) error {
	for i := range a.rec.Blocks {
		ref := &a.rec.Blocks[i]
		if !ref.HasImage() || ref.Apply() || !a.has(ref) {
			continue
		}
		if err := a.comparePage(m, ref); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) comparePage(m rmgr.Manager, ref *wal.BlockRef) error {
	buf, err := a.Pool.Get(buffer.Tag{Rel: ref.Rel, Fork: ref.Fork, Block: ref.Block})
	if errors.Is(err, buffer.ErrNoPage) {
		return nil
	}
	if err != nil {
		return err
	}
	defer buf.Release()
	buf.RLock()
	newer := buf.LSN() > a.rec.End
	got := a.copyOf(buf.Page())
	buf.RUnlock()
	want := a.copyOf(got)
	defer func() { a.spare = append(a.spare, got, want) }()
	if newer {
		return nil
	}
	if err := wal.RestoreImage(ref, want); err != nil {
		return err
	}
	if err := errors.Join(rmgr.Mask(m, got, ref.Block), rmgr.Mask(m, want, ref.Block)); err != nil {
		return err
	}
	if bytes.Equal(got, want) {
		return nil
	}
	at := 0
	for got[at] == want[at] {
		at++
	}
	return fmt.Errorf("%w, rel %s, forknum %d, blkno %d: differs from byte %d on", ErrInconsistent, ref.Rel, ref.Fork, ref.Block, at)
}

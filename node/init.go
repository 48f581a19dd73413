package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Init is POST /v1/init: an empty directory becomes the first instance of a new cluster.
func (n *Node) Init(ctx context.Context, r api.InitRequest) error {
	return n.exclusively(ctx, func(run context.Context) error {
		if now := n.current(); now.role != api.RoleEmpty {
			return refusal("NotEmpty", "the data directory is not empty (the node is %s)", now.role)
		}
		size := r.SegmentSizeMB
		if size < 0 || size > 1024 || size&(size-1) != 0 {
			return badRequest("segmentSizeMB must be a power of two from 1 to 1024")
		}
		if err := n.promises.Own(1); err != nil { // before the log is there: a fresh init may be promoted on timeline 1
			return err
		}
		o := engine.InitOptions{SegmentSize: uint32(size) << 20, Now: n.opts.Now(), Table: n.table}
		if _, err := n.opts.Rand.Read(o.Nonce[:]); err != nil {
			return fmt.Errorf("random bytes for the system identifier: %w", err)
		}
		if err := n.initialise(o); err != nil {
			return err
		}
		return n.useLocal(run)
	})
}

// initialise makes the directory beside its place and moves it there, so that a crash leaves a whole
// one or none.
func (n *Node) initialise(o engine.InitOptions) error {
	fsys, dir := n.opts.FS, n.opts.Dir
	if err := removeAll(fsys, dir+suffixNew); err != nil {
		return err
	}
	if err := engine.Init(fsys, dir+suffixNew, o); err != nil {
		return err
	}
	if err := fsys.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the empty data directory cannot be replaced: %w; is it a mount point? use a directory below it", err)
	}
	return vfs.RenameDurably(fsys, dir+suffixNew, dir)
}

// useLocal opens the data directory: the node waits when it returns.
func (n *Node) useLocal(run context.Context) error {
	l, err := n.openLocal(run)
	if err != nil {
		err = n.notOpened(err)
		n.stop(err) // nothing to go on with
		return err
	}
	n.take(l)
	return nil
}

func (n *Node) notOpened(err error) error {
	return fmt.Errorf("open data directory %s: %w", n.opts.Dir, err)
}

// take makes an open data directory the node's.
func (n *Node) take(l *local) {
	n.tasks.Go(func() { n.watchEngine(l) })
	n.tasks.Go(func() { n.flushLog(l) })
	n.change(func(s *state) { s.local, s.role, s.message = l, api.RoleWaiting, waitingMessage })
}

// watchEngine stops the node when its engine must stop, and tells watchers when replay pauses.
func (n *Node) watchEngine(l *local) {
	paused := false
	for {
		replayed := l.engine.ReplayChanged()
		if now := l.engine.ReplayPause() != nil; now != paused {
			paused = now
			n.changes.notify()
		}
		select {
		case <-replayed:
		case <-l.engine.Failed():
			n.stop(fmt.Errorf("engine failed: %w", l.engine.Err()))
			return
		case <-l.streams.Done():
			return
		}
	}
}

// primaryOn refuses unless the node is the open primary on tli. Called with mu held.
func (n *Node) primaryOn(tli wal.TimelineID) error {
	s := &n.state
	if s.role != api.RolePrimary {
		return refusal("NotPrimary", "this node is %s", s.role)
	}
	if s.timeline != tli {
		return refusal("OtherTimeline", "this node is the primary on timeline %d, not on %d", s.timeline, tli)
	}
	if !s.open {
		return refusal("ClosedForWrites", "%s", s.message)
	}
	return nil
}

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/basebackup"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

type dirEntry = fs.DirEntry

// Beside the data directory DIR:
//
//	DIR.new    the copy while it grows; complete only once DIR.swap is there
//	DIR.swap   the plan: DIR.new takes DIR's place. Finished at the next start if a crash cuts in
//	DIR.old    the former DIR, on its way out
const (
	suffixNew  = ".new"
	suffixSwap = ".swap"
	suffixOld  = ".old"
)

// startClone copies the upstream's data directory in the background, puts it in the place of the one
// that is here, if any, and then follows.
func (n *Node) startClone(run context.Context, r api.FollowRequest) *following {
	ctx, cancel := context.WithCancel(run)
	f := &following{request: r, cancel: cancel, cloned: make(chan struct{})}
	n.change(func(s *state) {
		s.role, s.following, s.message = api.RoleCloning, f, "copying from "+r.Upstream.Host
	})
	n.tasks.Go(func() {
		err := n.clone(ctx, f)
		close(f.cloned)
		cancel()
		n.afterClone(f, err)
	})
	return f
}

func (n *Node) clone(ctx context.Context, f *following) error {
	r := f.request
	if err := removeAll(n.opts.FS, n.opts.Dir+suffixNew); err != nil {
		return err
	}
	done, err := basebackup.Fetch(ctx, basebackup.FetchOptions{
		Upstream: n.upstream(r.Upstream, nil), SystemID: parseID(r.Upstream.SystemIdentifier),
		Promise: max(n.promises.Promised(), r.Timeline), FS: n.opts.FS, Dir: n.opts.Dir + suffixNew,
		Label: "clone for " + n.name(), Slot: r.Upstream.Slot,
		Progress: func(done, total int64) { n.cloneProgress(f, done, total) },
	})
	if err != nil {
		return err
	}
	n.log.Info("copied the upstream's data directory", "upstream", r.Upstream.Host, "timeline", done.Timeline, "lsn", done.Stop, "bytes", done.Bytes)
	return context.Cause(ctx) // a promise made meanwhile ends the clone: the copy is not used
}

func (n *Node) cloneProgress(f *following, done, total int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.state.following == f && n.state.role == api.RoleCloning {
		n.state.message = fmt.Sprintf("copying from %s: %d of about %d MB", f.request.Upstream.Host, done>>20, total>>20)
	}
}

// afterClone goes on with what the clone was for: nobody else changes the node meanwhile.
func (n *Node) afterClone(f *following, err error) {
	finished := n.exclusively(n.run, func(run context.Context) error {
		if now := n.current().following; now != f { // told otherwise meanwhile
			if now == nil || now.cancel == nil { // and no copy is being made: it begins by removing this one
				n.removeCopy()
			}
			return nil
		}
		if err == nil {
			err = n.swapIn(run)
		}
		if err == nil {
			n.startReceiver(f.request, nil)
			return nil
		}
		n.removeCopy()
		n.log.Error("clone failed", "upstream", f.request.Upstream.Host, "error", err)
		n.change(func(s *state) {
			s.following, s.message = nil, "clone failed: "+err.Error()
			switch {
			case s.local == nil:
				s.role = api.RoleEmpty
			case s.fork != 0:
				s.role = api.RoleDiverged
			default:
				s.role = api.RoleWaiting
			}
		})
		return nil
	})
	if finished != nil && !errors.Is(finished, errStopping) {
		n.log.Error("clone was not finished", "error", finished)
	}
}

// removeCopy removes a copy that is not going to be used: it is as large as the data directory. One that a plan says
// is complete stays: the next start finishes the plan.
func (n *Node) removeCopy() {
	planned, err := vfs.Exists(n.opts.FS, n.opts.Dir+suffixSwap)
	if err == nil && !planned {
		err = removeAll(n.opts.FS, n.opts.Dir+suffixNew)
	}
	if err != nil {
		n.log.Warn("a copy that is not used could not be removed", "path", n.opts.Dir+suffixNew, "error", err)
	}
}

// swapIn puts the complete copy in the place of the directory in use and opens it.
func (n *Node) swapIn(run context.Context) error {
	if err := vfs.WriteFile(n.opts.FS, n.opts.Dir+suffixSwap, []byte("the copy is complete: it takes the data directory's place\n"), 0o600); err != nil {
		return fmt.Errorf("write the plan of the swap: %w", err)
	}
	if old := n.current().local; old != nil {
		n.change(func(s *state) { s.local = nil })
		old.abort() // it is going to be removed: no checkpoint
	}
	if err := n.finishSwap(); err != nil {
		return err
	}
	return n.useLocal(run)
}

// finishSwap carries out a plan that is there, from whatever step a crash left it at; without one
// it clears away an unfinished copy.
func (n *Node) finishSwap() error {
	fsys, dir := n.opts.FS, n.opts.Dir
	planned, err := vfs.Exists(fsys, dir+suffixSwap)
	if err != nil {
		return err
	}
	if planned {
		fresh, err := vfs.Exists(fsys, dir+suffixNew)
		if err != nil {
			return err
		}
		if fresh {
			if err := n.replaceDir(); err != nil {
				return fmt.Errorf("put the copy in the data directory's place: %w", err)
			}
		}
		if err := removeAll(fsys, dir+suffixOld); err != nil {
			return err
		}
		if err := fsys.Remove(dir + suffixSwap); err != nil {
			return err
		}
		return fsys.SyncDir(path.Dir(dir))
	}
	return errors.Join(removeAll(fsys, dir+suffixNew), removeAll(fsys, dir+suffixNew+".tmp"))
}

// replaceDir moves DIR out of the way and DIR.new into its place. If DIR.old is there already, a
// crash came between the two, and what may be at DIR is nothing or was moved back by nobody.
func (n *Node) replaceDir() error {
	fsys, dir := n.opts.FS, n.opts.Dir
	here, err := vfs.Exists(fsys, dir)
	if err != nil {
		return err
	}
	if here {
		if err := removeAll(fsys, dir+suffixOld); err != nil {
			return err
		}
		if err := vfs.RenameDurably(fsys, dir, dir+suffixOld); err != nil {
			return err
		}
	}
	return vfs.RenameDurably(fsys, dir+suffixNew, dir)
}

// removeAll removes a file or a directory with all that is in it, if it is there.
func removeAll(fsys vfs.FS, name string) error {
	info, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		entries, err := fsys.ReadDir(name)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := removeAll(fsys, path.Join(name, e.Name())); err != nil {
				return err
			}
		}
	}
	return fsys.Remove(name)
}

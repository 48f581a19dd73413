package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/fence"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// ErrInUse says that another node runs on the data directory. Nothing was touched.
var ErrInUse = errors.New("another node is running on this data directory")

// suffixLock names the lock beside the data directory; it is held as long as the node runs.
const suffixLock = ".lock"

// quietLog swallows what net/http says of clients that leave early.
var quietLog = log.New(io.Discard, "", 0)

// Run runs the node until ctx ends, which asks for a fast stop: sessions end, standbys get the rest
// of the log with a shutdown checkpoint at its end. It returns nil after such a stop, and otherwise
// why the node cannot go on.
func (n *Node) Run(ctx context.Context) error {
	defer n.stop(errStopping)
	n.started = n.opts.Now()
	if err := n.look(); err != nil {
		return err
	}
	lock, err := n.opts.FS.Lock(n.opts.Dir + suffixLock)
	if errors.Is(err, vfs.ErrLocked) {
		return fmt.Errorf("%w: %s: %v", ErrInUse, n.opts.Dir, err)
	}
	if err != nil {
		return fmt.Errorf("could not make the lock beside the data directory: %w", err)
	}
	defer lock.Close()
	err = n.start(ctx)
	switch {
	case err == nil:
		err = n.await(ctx)
	case errors.Is(err, errStopAsked):
		err = nil
	}
	return errors.Join(err, n.shutdown(err))
}

// look refuses a directory that is not a node's before anything is written, be it a lock.
func (n *Node) look() error {
	if planned, err := vfs.Exists(n.opts.FS, n.opts.Dir+suffixSwap); planned || err != nil {
		return err
	}
	empty, err := n.isEmpty()
	switch {
	case err != nil:
		return err
	case empty && !n.managed():
		return fmt.Errorf("data directory %s is empty or does not exist: make one with `node init -D %s` or `node basebackup`", n.opts.Dir, n.opts.Dir)
	case empty:
		return nil
	}
	if err := engine.CheckFinished(n.opts.FS, n.opts.Dir); err != nil {
		return fmt.Errorf("%s is not a node's data directory: %w", n.opts.Dir, err)
	}
	if _, err := controlfile.Read(n.opts.FS, n.opts.Dir); err != nil {
		return fmt.Errorf("%s is not a node's data directory: %w", n.opts.Dir, err)
	}
	return nil
}

// start brings the node to where it waits for commands, or, unmanaged, to what it is.
func (n *Node) start(ctx context.Context) (err error) {
	if n.promises, err = fence.Open(n.opts.FS, n.opts.Dir); err != nil {
		return err
	}
	n.change(func(s *state) { s.starting = !n.managed() })
	if err := n.finishSwap(); err != nil {
		return err
	}
	empty, err := n.isEmpty()
	if err != nil {
		return err
	}
	if err := n.prepareSQL(); err != nil {
		return err
	}
	if err := n.listenControl(); err != nil {
		return err
	}
	if err := n.listenSQL(); err != nil { // until there is something to read, clients are told so: see ready
		return err
	}
	if empty {
		n.change(func(s *state) {
			s.role, s.message = api.RoleEmpty, "waits to be initialised or to be told whom to copy"
		})
	} else if err := n.recover(ctx); err != nil {
		return err
	}
	n.tasks.Go(func() { n.probeWrites(n.run) })
	if n.managed() {
		n.tasks.Go(func() { n.watchIsolation(n.run) })
		return nil
	}
	err = n.startUnmanaged()
	n.change(func(s *state) { s.starting = false })
	return err
}

// await returns nil when a stop is asked for, or why the node cannot go on.
func (n *Node) await(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-n.stopAsked:
	case <-n.smartAsked:
		return n.awaitClients(ctx)
	case <-n.run.Done():
		return context.Cause(n.run)
	}
	return nil
}

// awaitClients is a smart stop's first half: nobody new is let in, and those who are here may finish
// for smart_shutdown_timeout. Asked again for a stop, a fast one, it does not wait.
func (n *Node) awaitClients(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, n.settings.Duration("smart_shutdown_timeout"))
	defer cancel()
	left := make(chan struct{})
	n.tasks.Go(func() {
		defer close(left)
		n.sessions.Drain(waiting)
	})
	select {
	case <-left:
	case <-ctx.Done():
	case <-n.stopAsked:
	case <-n.run.Done():
		return context.Cause(n.run)
	}
	return nil
}

// SmartStop asks for a stop that lets clients leave by themselves for smart_shutdown_timeout, and ends
// as a fast one does. Any goroutine may call it, also before and after Run.
func (n *Node) SmartStop() {
	select {
	case n.smartAsked <- struct{}{}:
	default:
	}
}

// requestStop asks for a fast stop.
func (n *Node) requestStop() {
	select {
	case n.stopAsked <- struct{}{}:
	default:
	}
}

// patience is how long a stop waits for sessions, and for a command that is under way.
const patience = 10 * time.Second

// shutdown ends everything. After a failure nothing more is written.
func (n *Node) shutdown(failure error) error {
	was := n.current()
	n.change(func(s *state) { s.role, s.open, s.message = api.RoleStopping, false, "stopping" })
	defer n.endTasks()
	if failure != nil {
		n.abandon(was)
		return nil
	}
	ctx, cancel := context.WithTimeout(n.run, patience)
	defer cancel()
	select {
	case n.commands <- struct{}{}: // and never given back: no command begins any more
	case <-ctx.Done():
		n.log.Warn("stopping although a command is still running")
	}
	if n.sessions != nil {
		n.sessions.Shutdown(ctx)
	}
	return n.stopLocal(was)
}

// abandon ends everything that touches the disk after a failure. A disk that hangs is not waited for:
// the process is going to end.
func (n *Node) abandon(was state) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if was.local != nil {
			was.local.abort()
		}
		if was.following != nil {
			was.following.end()
		}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		n.log.Error("the disk does not answer")
	}
}

// stopLocal ends the use of the data directory: a primary gives its standbys everything first.
func (n *Node) stopLocal(was state) error {
	now := n.current()
	if now.following != nil {
		now.following.end()
	}
	l := now.local
	if l == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(n.run, drainWithin)
	defer cancel()
	if was.role == api.RolePrimary && was.open {
		if err := l.engine.Demote(ctx); err != nil {
			l.abort()
			return fmt.Errorf("shutdown checkpoint: %w", err)
		}
	}
	if err := l.server.Drain(ctx); err != nil {
		n.log.Warn("standbys did not take the rest of the log in time", "error", err)
	}
	if was.role == api.RolePrimary && !was.open {
		l.abort() // a shutdown checkpoint would make its log diverge from its successor's
		return nil
	}
	if err := l.close(ctx); err != nil {
		return fmt.Errorf("close data directory: %w", err)
	}
	n.log.Info("stopped", "lsn", l.engine.Positions().Flush)
	return nil
}

// endTasks closes what is still open and returns when every goroutine has ended.
func (n *Node) endTasks() {
	n.stop(errStopping)
	if n.sessions != nil { // as it is when nothing was started
		n.sessions.Close()
	}
	for _, c := range n.closers {
		c()
	}
	n.tasks.Wait()
}

// Reload reads the settings file again. On an error nothing has changed.
func (n *Node) Reload() error {
	file, err := n.readConfig()
	if err != nil {
		return err
	}
	changes, err := n.settings.Reload(ConfigFile, file, acceptable)
	if err != nil {
		return err
	}
	now := n.opts.Now()
	n.reloaded.Store(&now)
	for _, c := range changes {
		if c.Restart {
			n.log.Warn("setting needs a restart", "name", c.Name, "current", c.Old, "configured", c.New)
		} else {
			n.log.Info("setting changed", "name", c.Name, "old", c.Old, "new", c.New)
		}
	}
	return n.applyReload()
}

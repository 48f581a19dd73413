package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/replication"
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
	n.change(func(s *state) { s.role, s.message, s.fork = api.RoleRecovering, "replaying its own log", 0 })
	l, err := n.openLocal(run)
	if err != nil {
		err = fmt.Errorf("open data directory %s: %w", n.opts.Dir, err)
		n.stop(err) // nothing to go on with
		return err
	}
	n.tasks.Go(func() { n.watchEngine(l) })
	n.tasks.Go(func() { n.flushLog(l) })
	n.change(func(s *state) { s.local, s.role, s.message = l, api.RoleWaiting, waitingMessage })
	return nil
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

// Fence is POST /v1/fence. It waits for no other command.
func (n *Node) Fence(_ context.Context, r api.FenceRequest) error {
	if r.Timeline == 0 {
		return badRequest("fence needs a timeline")
	}
	if err := n.promises.Raise(r.Timeline); err != nil {
		return err
	}
	n.mu.Lock()
	if n.state.role == api.RolePrimary && n.state.timeline < r.Timeline {
		n.closeWrites(fmt.Sprintf("fenced: timeline %d has been claimed", r.Timeline))
	}
	f := n.state.following
	n.mu.Unlock()
	if f != nil && f.below(r.Timeline) {
		f.end()
		n.change(func(s *state) {
			if s.following != f {
				return
			}
			s.following, s.role = nil, api.RoleWaiting
			s.message = fmt.Sprintf("fenced: left its upstream, which is below timeline %d; %s", r.Timeline, waitingMessage)
			if s.local == nil {
				s.role = api.RoleEmpty
			}
		})
	}
	n.changes.notify()
	return nil
}

// below reports whether f's upstream is, or may be, on a timeline below tli.
func (f *following) below(tli wal.TimelineID) bool {
	if f.cancel != nil {
		return f.request.Timeline < tli
	}
	return f.upstreamTimeline() < tli
}

// closeWrites ends a primary's acknowledgements: whoever waits for standbys fails with unknown fate,
// and nothing is acknowledged from now on. Called with mu held.
func (n *Node) closeWrites(why string) {
	n.state.open = false
	n.state.message = why
	if n.state.local != nil {
		n.state.local.sync.Close(replication.ErrDeposed)
	}
}

// Promote is POST /v1/promote.
func (n *Node) Promote(ctx context.Context, r api.PromoteRequest) error {
	rule, err := ruleOf(r.Synchronous)
	if err != nil {
		return err
	}
	if r.Timeline == 0 {
		return badRequest("promote needs a timeline")
	}
	return n.exclusively(ctx, func(run context.Context) error {
		if err := n.reaches(r.MustReach); err != nil {
			return err
		}
		return n.promote(run, r.Timeline, rule, "promoted by the operator")
	})
}

// reaches refuses if the log here ends before what peers are known to hold. They have it from here or
// from an earlier primary, who sends only what is durable: so it was not torn off here but lost.
func (n *Node) reaches(lsn wal.LSN) error {
	l := n.current().local
	if l == nil {
		return nil // mayPromote refuses
	}
	if p := l.engine.Positions(); p.Flush < lsn {
		n.change(func(s *state) {
			s.lost, s.message = lsn, "lost log that peers hold up to "+lsn.String()+"; waits to follow one"
		})
		return refusal("LogLost", "the log here ends at %s on timeline %d, and a peer holds it up to %s: what was durable here is lost; let this node follow a peer that has the rest, or clone it anew", p.Flush, p.Timeline, lsn)
	}
	return nil
}

func (n *Node) promote(run context.Context, tli wal.TimelineID, rule replication.Rule, reason string) error {
	if err := n.mayPromote(tli); err != nil {
		return err
	}
	if now := n.current(); now.role == api.RolePrimary && now.timeline != tli {
		n.mu.Lock()
		n.closeWrites(fmt.Sprintf("being promoted on timeline %d", tli))
		n.mu.Unlock()
		if err := n.abandonPrimary(run); err != nil {
			return err
		}
	}
	now := n.current()
	if now.role != api.RolePrimary {
		if err := n.leaveUpstream(); err != nil {
			return err
		}
		if err := errors.Join(n.promises.Own(tli), n.promises.Raise(tli)); err != nil {
			return err
		}
		if err := now.local.engine.Promote(run, tli, reason); err != nil {
			n.change(func(s *state) { s.message = "promotion failed: " + err.Error() })
			return &api.Error{Code: "PromotionFailed", Message: err.Error(), HTTP: http.StatusServiceUnavailable}
		}
	}
	return n.openWrites(now.local, tli, rule)
}

// openWrites makes a promoted engine's node the primary, unless a promise was made meanwhile: both
// look at each other under mu.
func (n *Node) openWrites(l *local, tli wal.TimelineID, rule replication.Rule) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := &n.state
	s.role, s.timeline, s.rule, s.following = api.RolePrimary, tli, rule, nil
	s.heard = n.opts.Now()
	if p := n.promises.Promised(); p > tli {
		n.closeWrites(fmt.Sprintf("fenced: timeline %d has been claimed", p))
		return fencedAbove("open", tli, p)
	}
	l.sync.Open(tli, rule)
	s.open, s.message = true, ""
	n.showRule(rule)
	return nil
}

// mayPromote refuses what the promise, the log or a doubt about the disk forbids.
func (n *Node) mayPromote(tli wal.TimelineID) error {
	if p := n.promises.Promised(); tli < p {
		return fencedAbove("promote on", tli, p)
	}
	now := n.current()
	l := now.local
	switch {
	case now.role == api.RolePrimary && now.timeline == tli:
		return nil // again: the rule, and writes if isolation had closed them
	case l == nil || now.role == api.RoleRecovering || now.role == api.RoleStopping || now.role == api.RoleCloning:
		return refusal("NotReady", "a node that is %s cannot be promoted", now.role)
	}
	if suspect := l.engine.Suspect(); suspect != "" {
		return refusal("Suspect", "this node's disk may have lost log: %s; let it be cloned anew, or, if there is nobody to clone from, see `node resetsuspect`", suspect)
	}
	if p := l.engine.ReplayPause(); p != nil {
		return refusal("ReplayPaused", "replay is paused at %s: %s", p.LSN, p.Detail)
	}
	own := l.engine.Positions().Timeline
	switch {
	case tli < own:
		return refusal("TimelineBehind", "the log here is on timeline %d, above %d", own, tli)
	case tli == own && n.promises.Owned() != tli:
		return refusal("NotOwner", "the log here is on timeline %d, but this node was not the primary on it: claim a new timeline", own)
	}
	return nil
}

// Synchronous is POST /v1/synchronous.
func (n *Node) Synchronous(ctx context.Context, r api.SynchronousRequest) error {
	rule, err := ruleOf(r.Synchronous)
	if err != nil {
		return err
	}
	return n.exclusively(ctx, func(context.Context) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		if err := n.primaryOn(r.Timeline); err != nil {
			return err
		}
		n.state.rule = rule
		n.state.local.sync.SetRule(rule)
		n.showRule(rule)
		return nil
	})
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

// Demote is POST /v1/demote.
func (n *Node) Demote(ctx context.Context, r api.DemoteRequest) error {
	return n.exclusively(ctx, func(run context.Context) error {
		now := n.current()
		switch {
		case now.role != api.RolePrimary:
			return refusal("NotPrimary", "this node is %s", now.role)
		case now.timeline != r.Timeline:
			return refusal("OtherTimeline", "this node is the primary on timeline %d, not on %d", now.timeline, r.Timeline)
		}
		return n.demote(run)
	})
}

// drainWithin is how long a demotion or a stop waits for standbys to take the rest of the log.
const drainWithin = 20 * time.Second

// demote ends writes, ends the log and gives the standbys all of it.
func (n *Node) demote(run context.Context) error {
	l := n.current().local
	n.change(func(s *state) { s.open, s.message = false, "demoting" })
	if err := l.engine.Demote(run); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(run, drainWithin)
	defer cancel()
	if err := l.server.Drain(ctx); err != nil {
		n.log.Warn("standbys did not take the rest of the log in time", "error", err)
	}
	l.sync.Close(replication.ErrDeposed)
	n.change(func(s *state) {
		s.role, s.timeline, s.rule, s.message = api.RoleWaiting, 0, replication.Rule{}, waitingMessage
	})
	return nil
}

// abandonPrimary makes a primary that is closed for writes a follower's log again, without adding a
// record to it: a shutdown checkpoint would make it diverge from a primary that has all the rest.
func (n *Node) abandonPrimary(run context.Context) error {
	now := n.current()
	if now.open {
		return refusal("IsPrimary", "this node is the primary on timeline %d; demote it first", now.timeline)
	}
	n.change(func(s *state) { s.local, s.timeline, s.rule = nil, 0, replication.Rule{} })
	now.local.abort()
	return n.useLocal(run)
}

// ruleOf turns the contract's synchronous set into a rule.
func ruleOf(s api.Synchronous) (replication.Rule, error) {
	r := replication.Rule{Any: s.Method == "any", Number: s.Number, Members: s.Members}
	switch {
	case s.Method == "":
		return replication.Rule{}, nil
	case s.Method != "any" && s.Method != "first":
		return r, badRequest(fmt.Sprintf("synchronous method %q: want any, first or none", s.Method))
	case s.Number < 1 || len(s.Members) < s.Number:
		return r, badRequest(fmt.Sprintf("synchronous: %d of %d members can never be there", s.Number, len(s.Members)))
	}
	return r, nil
}

// synchronousOf is the rule in the contract's words.
func synchronousOf(r replication.Rule) api.Synchronous {
	if !r.Synchronous() {
		return api.Synchronous{}
	}
	method := "first"
	if r.Any {
		method = "any"
	}
	return api.Synchronous{Method: method, Number: r.Number, Members: r.Members}
}

// showRule makes SHOW synchronous_standby_names tell what is in force.
func (n *Node) showRule(r replication.Rule) {
	if err := n.settings.Set("synchronous_standby_names", r.String()); err != nil {
		n.log.Error("could not show the synchronous rule", "error", err)
	}
}

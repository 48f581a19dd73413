package replication

import (
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/wal"
)

// A plan says what to stream.
type plan struct {
	from     wal.LSN
	timeline wal.TimelineID
}

// negotiate finds out whether this upstream may be followed, and from where.
func (r *Receiver) negotiate(c *Client) (plan, error) {
	id, err := c.Identify()
	if err != nil {
		return plan{}, err
	}
	r.change(func(s *ReceiverStatus) { s.UpstreamTimeline, s.UpstreamEnd = id.Timeline, id.End })
	if r.opts.SystemID != 0 && id.SystemID != r.opts.SystemID {
		return plan{}, fmt.Errorf("%w: its system identifier is %d, ours is %d", ErrWrongSystem, id.SystemID, r.opts.SystemID)
	}
	if promise := r.opts.Promise(); id.Timeline < promise {
		return plan{}, fmt.Errorf("%w: it is on timeline %d, this node has promised to follow none below %d", ErrFenced, id.Timeline, promise)
	}
	upstream, err := upstreamHistory(c, id.Timeline)
	if err != nil {
		return plan{}, err
	}
	p, err := r.place(upstream)
	if err != nil {
		return plan{}, err
	}
	if err := r.adopt(c, p, upstream); err != nil {
		return plan{}, err
	}
	if err := ensureSlot(c, r.opts.Slot); err != nil {
		return plan{}, err
	}
	p.from = min(p.from, r.opts.Log.End())
	if err := r.opts.Log.Begin(p.from, p.timeline); err != nil {
		return plan{}, fmt.Errorf("begin to receive at %s on timeline %d: %w", p.from, p.timeline, err)
	}
	return p, nil
}

// upstreamHistory fetches the history of the upstream's timeline; the first has no file.
func upstreamHistory(c *Client, tli wal.TimelineID) (wal.History, error) {
	if tli == 1 {
		return wal.NewHistory(1), nil
	}
	file, err := c.History(tli)
	if err != nil {
		return nil, err
	}
	return wal.ParseHistory(tli, file)
}

// place finds where the log here ends in the upstream's history.
func (r *Receiver) place(upstream wal.History) (plan, error) {
	log := r.opts.Log
	applied, end := log.Applied(), log.End()
	ours := upTo(log.History(), applied)
	if upstream.Timeline() < ours.Timeline() {
		return plan{}, fmt.Errorf("highest timeline %d of the upstream is behind recovery timeline %d", upstream.Timeline(), ours.Timeline())
	}
	// What pages have seen decides. Log behind that can be thrown away, and often must be: a standby's
	// log ends with a part of the record that its lost primary was sending.
	if !partOf(ours, applied, upstream) {
		return plan{}, divergence(ours, applied, upstream)
	}
	if _, fork := upTo(log.History(), end).ForkPoint(upstream); fork != 0 {
		end = min(end, fork)
	}
	return plan{from: end, timeline: upstream.TLIAt(end)}, nil
}

// adopt makes the history of the timeline that comes next ours. That is done a timeline at a time, when
// all log before it is here, so that each segment is received into the file it belongs in.
func (r *Receiver) adopt(c *Client, p plan, upstream wal.History) error {
	log := r.opts.Log
	if p.timeline == upTo(log.History(), p.from+1).Timeline() {
		return nil
	}
	var file []byte
	if p.timeline > 1 { // the first has none; one comes back to it from a timeline that nothing came of
		var err error
		if file, err = c.History(p.timeline); err != nil {
			return err
		}
	}
	err := log.Follow(p.timeline, file)
	if errors.Is(err, ErrDiverged) { // the log knows of more than what was applied
		return divergence(upTo(log.History(), log.End()), log.End(), upstream)
	}
	if err != nil {
		return fmt.Errorf("follow timeline %d: %w", p.timeline, err)
	}
	return nil
}

func divergence(ours wal.History, end wal.LSN, upstream wal.History) error {
	_, fork := ours.ForkPoint(upstream)
	return &DivergedError{Timeline: ours.Timeline(), Upstream: upstream.Timeline(), End: end, Fork: fork}
}

// upTo is the history of log that ends at end: without the timelines that have not begun there.
func upTo(h wal.History, end wal.LSN) wal.History {
	n := len(h)
	for n > 1 && h[n-1].Begin >= end {
		n--
	}
	out := append(wal.History(nil), h[:n]...)
	out[n-1].End = 0
	return out
}

// partOf reports whether log that ends at end, with history ours, is a part of upstream's.
func partOf(ours wal.History, end wal.LSN, upstream wal.History) bool {
	if len(ours) > len(upstream) {
		return false
	}
	last := len(ours) - 1
	for i := range ours {
		a, b := ours[i], upstream[i]
		if a.Timeline != b.Timeline || a.Begin != b.Begin || i < last && a.End != b.End {
			return false
		}
	}
	return upstream[last].End == 0 || end <= upstream[last].End
}

// ensureSlot makes the slot on the upstream if it is not there: a new primary has none yet.
func ensureSlot(c *Client, name string) error {
	if name == "" {
		return nil
	}
	if err := replslot.ValidName(name); err != nil {
		return err
	}
	rows, err := c.Query("READ_REPLICATION_SLOT " + name)
	if err != nil {
		return fmt.Errorf("look for slot on upstream: %w", err)
	}
	if len(rows) == 1 && len(rows[0]) > 0 && rows[0][0] != nil {
		return nil
	}
	if _, err := c.Query(fmt.Sprintf(`CREATE_REPLICATION_SLOT "%s" PHYSICAL (RESERVE_WAL)`, name)); err != nil {
		return fmt.Errorf("make slot on upstream: %w", err)
	}
	return nil
}

package census

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Options of a census.
type Options struct {
	FS          vfs.FS
	Dir         string // pg_wal
	SegmentSize uint64
	SystemID    uint64
	Epoch       uint64 // where Epoch begins: a number that no earlier run of this node has used
}

// A Census is the tallies of one node's log. Any number of goroutines may use it.
type Census struct {
	place

	mu       sync.Mutex
	segments map[string]*tally // by file name
	kinds    map[kind]int      // in how many segments
	epoch    uint64
	reached  wal.LSN  // all segments that start before were noted, if they have anything to note; 0: see Begin
	noted    wal.LSN  // everything before was
	doubt    wal.LSN  // a holder was said to be unknown until noting has passed this; 0: none was
	recent   struct { // what at has found last: nearly always what it is asked for next
		tli   wal.TimelineID
		tally *tally
	}
}

// New returns a census that knows of nothing yet.
func New(o Options) *Census {
	return &Census{
		place:    place{fs: o.FS, dir: o.Dir, segSize: o.SegmentSize, system: o.SystemID},
		segments: map[string]*tally{}, kinds: map[kind]int{}, epoch: o.Epoch,
	}
}

// Begin says that every record from lsn on, on timeline tli, will be noted. What lies before it in the
// segment is unknown until Fill has read it.
func (c *Census) Begin(tli wal.TimelineID, lsn wal.LSN) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at(tli, lsn).unknown = "the beginning of the segment was not read yet"
	c.reached = c.after(lsn)
	c.epoch++
}

// after is the start of the segment after the one that lsn lies in.
func (c *Census) after(lsn wal.LSN) wal.LSN {
	return wal.SegmentStart(wal.SegmentNumber(lsn, c.segSize)+1, c.segSize)
}

// Reached says that everything before lsn, in history h, was noted: segments of which nothing was noted
// have no custom records.
func (c *Census) Reached(h wal.History, lsn wal.LSN) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reached == 0 {
		return
	}
	for ; c.reached < lsn; c.reached = c.after(c.reached) {
		c.at(h.TLIAt(c.reached), c.reached)
	}
	c.noted = lsn
	if c.doubt != 0 && lsn > c.doubt {
		c.doubt = 0
		c.epoch++
	}
}

// Note counts a record of a custom manager.
func (c *Census) Note(tli wal.TimelineID, n modules.Need, lsn wal.LSN) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at(tli, lsn).note(n, lsn) {
		c.gained(kind{n.ID, n.Format})
	}
}

// InForce says that the MODULES record at lsn holds from there on.
func (c *Census) InForce(tli wal.TimelineID, lsn wal.LSN, s modules.Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.at(tli, lsn)
	t.inForce, t.saved = &s, false
}

// Epoch changes whenever a kind of record is new in the log or gone from it, or what was unknown is known.
func (c *Census) Epoch() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// at is the tally of the segment that lsn lies in. A segment begun here knows what the one before knew.
func (c *Census) at(tli wal.TimelineID, lsn wal.LSN) *tally {
	start := wal.SegmentStart(wal.SegmentNumber(lsn, c.segSize), c.segSize)
	if r := c.recent; r.tally != nil && r.tli == tli && r.tally.start == start {
		return r.tally
	}
	name := wal.SegmentName(tli, start, c.segSize)
	t := c.segments[name]
	if t == nil {
		t = newTally(start)
		if before := c.segments[wal.SegmentName(tli, start-1, c.segSize)]; before != nil {
			t.inForce = before.inForce
		}
		c.segments[name] = t
	}
	c.recent.tli, c.recent.tally = tli, t
	return t
}

func (c *Census) gained(k kind) {
	if c.kinds[k]++; c.kinds[k] == 1 {
		c.epoch++
	}
}

// Forget drops segments that were given up, with their files.
func (c *Census) Forget(names []string) {
	for _, name := range names {
		c.mu.Lock()
		c.drop(name)
		c.mu.Unlock()
		_ = c.fs.Remove(path.Join(c.dir, SidecarName(name))) // without its segment it means nothing
	}
}

func (c *Census) drop(name string) {
	t := c.segments[name]
	if t == nil {
		return
	}
	delete(c.segments, name)
	c.recent.tally = nil
	for k := range t.counts {
		if c.kinds[k]--; c.kinds[k] == 0 {
			delete(c.kinds, k)
			c.epoch++
		}
	}
	if t.unknown != "" {
		c.epoch++
	}
}

// Fill makes the segments before those that were noted known: from their files beside the log, or by
// reading them. segments are those that hold log, oldest first; until is where noting began.
func (c *Census) Fill(ctx context.Context, segments []segment.SegmentInfo, history wal.History, until wal.LSN) error {
	var inForce *modules.Snapshot
	for _, s := range segments {
		if s.Start > until {
			return nil
		}
		t, err := c.learn(ctx, s, history, until, inForce)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			t = newTally(s.Start)
			t.unknown = fmt.Sprintf("segment %s could not be read: %v", s.Name, err)
		}
		c.merge(s.Name, t)
		inForce = t.inForce
	}
	return nil
}

func (c *Census) learn(ctx context.Context, s segment.SegmentInfo, history wal.History, until wal.LSN, inForce *modules.Snapshot) (*tally, error) {
	if s.Start+wal.LSN(c.segSize) <= until {
		if t, err := readSidecar(c.fs, c.dir, s.Name, c.system); err == nil {
			return t, nil
		}
	}
	return c.scan(ctx, upTo(history, s.Timeline), s.Start, until, inForce)
}

// upTo is the history as a segment of timeline tli has it.
func upTo(h wal.History, tli wal.TimelineID) wal.History {
	for i, e := range h {
		if e.Timeline == tli {
			return append(slices.Clone(h[:i]), wal.HistoryEntry{Timeline: tli, Begin: e.Begin, End: e.End})
		}
	}
	return wal.NewHistory(tli)
}

// merge adds what was learnt about a segment to what was noted meanwhile.
func (c *Census) merge(name string, t *tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	have := c.segments[name]
	if have == nil {
		have = newTally(t.start)
		have.inForce = t.inForce
		c.segments[name] = have
	}
	for k := range t.counts {
		if have.counts[k] == nil {
			c.gained(k)
		}
	}
	add(have.counts, t.counts)
	have.saved = t.saved && len(have.counts) == len(t.counts)
	have.unknown = t.unknown
	c.epoch++
}

// Save writes the files of the segments that end at or before flushed and were noted up to their end.
func (c *Census) Save(flushed wal.LSN) error {
	var failed error
	for name, b := range c.unsaved(flushed) {
		if err := vfs.WriteFile(c.fs, path.Join(c.dir, SidecarName(name)), b, 0o600); err != nil {
			failed = errors.Join(failed, fmt.Errorf("census of segment %s: %w", name, err))
		}
	}
	return failed
}

func (c *Census) unsaved(flushed wal.LSN) map[string][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	files := map[string][]byte{}
	flushed = min(flushed, c.noted)
	for name, t := range c.segments {
		if t.saved || t.unknown != "" || t.start+wal.LSN(c.segSize) > flushed {
			continue
		}
		if b, err := encodeSidecar(name, c.system, t); err == nil {
			files[name], t.saved = b, true
		}
	}
	return files
}

// Holder says what lies in the log that h holds. segments are those that hold log, which ends at end. One
// that is full and was not noted to its end is unknown.
func (c *Census) Holder(h control.Holder, segments []segment.SegmentInfo, end wal.LSN) control.Holder {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := map[kind]*control.RecordCount{}
	for _, s := range segments {
		if s.Start+wal.LSN(c.segSize) <= h.From {
			continue
		}
		t, why := c.segments[s.Name], ""
		switch {
		case t == nil:
			t, why = newTally(s.Start), fmt.Sprintf("segment %s was not read yet", s.Name)
			c.doubts(s.Start)
		case t.unknown != "":
			why = t.unknown
		case s.Start+wal.LSN(c.segSize) <= end && c.noted < s.Start+wal.LSN(c.segSize):
			why = fmt.Sprintf("segment %s is still being read", s.Name)
			c.doubts(s.Start + wal.LSN(c.segSize) - 1)
		}
		if why != "" && !h.Unknown {
			h.Unknown, h.Reason = true, why
		}
		add(sum, t.counts)
	}
	h.Records = list(sum)
	return h
}

// doubts remembers the nearest position of which somebody was told that it was not noted.
func (c *Census) doubts(lsn wal.LSN) {
	if c.doubt == 0 || lsn < c.doubt {
		c.doubt = lsn
	}
}

// ScanDir makes the census of a data directory that no node is using.
func ScanDir(fsys vfs.FS, dir string) (control.Census, error) {
	return scanDir(context.Background(), fsys, dir)
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

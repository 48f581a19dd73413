package census

import (
	"cmp"
	"slices"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// kind is what records are told apart by.
type kind struct {
	id     wal.RmgrID
	format rmgr.Format
}

// A tally counts the custom records that start in one segment.
type tally struct {
	start   wal.LSN // of the segment
	counts  map[kind]*control.RecordCount
	inForce *modules.Snapshot // at the segment's end, as far as it is known

	recent  kind // counted last, in counted: nearly always what comes next
	counted *control.RecordCount

	unknown string // why it may contain anything; "" if the counts are complete
	saved   bool   // the sidecar says the same
}

func newTally(start wal.LSN) *tally {
	return &tally{start: start, counts: map[kind]*control.RecordCount{}}
}

// note counts one record; it reports whether it is the first of its kind here.
func (t *tally) note(n modules.Need, lsn wal.LSN) (first bool) {
	k := kind{n.ID, n.Format}
	c := t.counted
	if c == nil || t.recent != k {
		c = t.counts[k]
	}
	if c == nil {
		c = &control.RecordCount{Rmgr: uint8(n.ID), Name: n.Name, Module: n.Module, Format: uint16(n.Format), First: lsn}
		t.counts[k], first = c, true
	}
	t.recent, t.counted = k, c
	c.Count++
	c.First, c.Last = min(c.First, lsn), max(c.Last, lsn)
	t.saved = false
	return first
}

// add counts records that were counted elsewhere.
func add(sum map[kind]*control.RecordCount, counts map[kind]*control.RecordCount) {
	for k, c := range counts {
		s := sum[k]
		if s == nil {
			copied := *c
			sum[k] = &copied
			continue
		}
		s.Count += c.Count
		s.First, s.Last = min(s.First, c.First), max(s.Last, c.Last)
		if s.Name == "" {
			s.Name, s.Module = c.Name, c.Module
		}
	}
}

// list sorts counts by ID and format.
func list(counts map[kind]*control.RecordCount) []control.RecordCount {
	out := make([]control.RecordCount, 0, len(counts))
	for _, c := range counts {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b control.RecordCount) int {
		return cmp.Or(cmp.Compare(a.Rmgr, b.Rmgr), cmp.Compare(a.Format, b.Format))
	})
	return out
}

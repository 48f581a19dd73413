package wal

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A History is the ancestry of a timeline, the oldest first, the timeline itself last. Each entry
// covers the log from where the one before ended up to its End; the last has no end. It is never
// changed after it was made.
type History []HistoryEntry

// A HistoryEntry is one timeline's share of a history.
type HistoryEntry struct {
	Timeline TimelineID
	Begin    LSN    // 0 for the first
	End      LSN    // 0 for the last: no end
	Reason   string // why it ended, for people
}

// Timeline is the timeline whose history this is; 0 for an empty history.
func (h History) Timeline() TimelineID {
	if len(h) == 0 {
		return 0
	}
	return h[len(h)-1].Timeline
}

// NewHistory is the history of a timeline without ancestors.
func NewHistory(tli TimelineID) History { return History{{Timeline: tli}} }

// Fork is the history of the new timeline tli that leaves h at at.
func (h History) Fork(tli TimelineID, at LSN, reason string) History {
	out := append(History(nil), h...)
	last := &out[len(out)-1]
	last.End, last.Reason = at, reason
	return append(out, HistoryEntry{Timeline: tli, Begin: at})
}

// TLIAt is the timeline that holds the byte at lsn.
func (h History) TLIAt(lsn LSN) TimelineID {
	for _, e := range h {
		if e.End == 0 || lsn < e.End {
			return e.Timeline
		}
	}
	return 0
}

// Covers reports whether the log of h runs through timeline tli up to lsn, an end position: whether
// a node whose log ends at lsn on tli can follow h.
func (h History) Covers(tli TimelineID, lsn LSN) bool {
	for _, e := range h {
		if e.Timeline == tli {
			return lsn >= e.Begin && (e.End == 0 || lsn <= e.End)
		}
	}
	return false
}

// ForkPoint is where h and other part: the last timeline they share and the position up to which
// both are the same log. lsn is 0 if one is the other or they never part (equal histories); tli is 0
// if they share nothing.
func (h History) ForkPoint(other History) (tli TimelineID, lsn LSN) {
	for i := range min(len(h), len(other)) {
		a, b := h[i], other[i]
		if a.Timeline != b.Timeline || a.Begin != b.Begin {
			break
		}
		tli, lsn = a.Timeline, minEnd(a.End, b.End)
	}
	return tli, lsn
}

// minEnd is the smaller end, where 0 is no end.
func minEnd(a, b LSN) LSN {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// ParseHistory reads the history file of timeline tli. Blank lines and comments are skipped, as
// PostgreSQL does; timelines must ascend and be below tli.
func ParseHistory(tli TimelineID, contents []byte) (History, error) {
	var h History
	var begin LSN
	for n, line := range strings.Split(string(contents), "\n") {
		trimmed := strings.TrimLeft(line, " \t\r\f\v")
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		e, err := parseHistoryLine(trimmed)
		if err == nil && len(h) > 0 && e.Timeline <= h[len(h)-1].Timeline {
			err = fmt.Errorf("timeline %d does not follow %d", e.Timeline, h[len(h)-1].Timeline)
		}
		if err == nil && e.Timeline >= tli {
			err = fmt.Errorf("timeline %d is not below the file's own", e.Timeline)
		}
		if err == nil && (e.End < begin || e.End == 0) {
			err = fmt.Errorf("switch point %s lies before %s", e.End, begin)
		}
		if err != nil {
			return nil, fmt.Errorf("history file %s, line %d: %w", HistoryName(tli), n+1, err)
		}
		e.Begin, begin = begin, e.End
		h = append(h, e)
	}
	return append(h, HistoryEntry{Timeline: tli, Begin: begin}), nil
}

func parseHistoryLine(line string) (HistoryEntry, error) {
	fields := strings.SplitN(line, "\t", 3)
	if len(fields) < 2 {
		fields = strings.Fields(line)
	}
	if len(fields) < 2 {
		return HistoryEntry{}, fmt.Errorf("want timeline, switch point and reason, got %q", line)
	}
	tli, err := strconv.ParseUint(strings.TrimSpace(fields[0]), 10, 32)
	if err != nil || tli == 0 {
		return HistoryEntry{}, fmt.Errorf("invalid timeline %q", fields[0])
	}
	end, err := ParseLSN(strings.TrimSpace(fields[1]))
	if err != nil {
		return HistoryEntry{}, err
	}
	e := HistoryEntry{Timeline: TimelineID(tli), End: end}
	if len(fields) == 3 {
		e.Reason = fields[2]
	}
	return e, nil
}

// AppendHistory makes the contents of a new timeline's history file from its parent's file, verbatim
// (nil if the parent has none), and the new line. reason is for people and has no line breaks.
func AppendHistory(parent []byte, parentTLI TimelineID, at LSN, reason string) []byte {
	out := bytes.Clone(parent)
	if len(out) != 0 {
		out = append(out, '\n')
	}
	return fmt.Appendf(out, "%d\t%s\t%s\n", uint32(parentTLI), at, strings.ReplaceAll(reason, "\n", " "))
}

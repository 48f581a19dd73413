package waldump

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/redoubt-wal/redoubt/wal"
)

// A place is where the log is and which part of it is wanted.
type place struct {
	dir        string
	segSize    uint64
	history    wal.History
	start, end wal.LSN // end 0: as far as the log goes
	whole      bool    // nobody said where to start: the log's end is what was asked for
}

// locate finds the directory, and from the first segment asked for the segments' size.
func locate(o Options) (place, error) {
	first, dir, err := directory(o)
	if err != nil {
		return place{}, err
	}
	p := place{dir: dir, start: o.Start, end: o.End}
	sample, newest := first, first
	if first == "" {
		if sample, newest, err = extremes(dir); err != nil {
			return p, err
		}
	}
	if p.segSize, err = segmentSize(filepath.Join(dir, sample)); err != nil {
		return p, err
	}
	tli, begin, ok := wal.ParseSegmentName(newest, p.segSize)
	if !ok {
		return p, fmt.Errorf("invalid WAL file name %q", newest)
	}
	if o.Timeline != 0 && first == "" { // a segment's name says more
		tli = o.Timeline
	}
	p.history = historyOf(dir, tli)
	switch {
	case first != "":
		err = p.within(o, begin)
	case p.start == 0:
		_, p.start, _ = wal.ParseSegmentName(sample, p.segSize)
		p.whole = true
	}
	return p, err
}

// directory is where STARTSEG is, or any segment.
func directory(o Options) (first, dir string, err error) {
	dir = o.Path
	if len(o.Files) > 0 {
		first = filepath.Base(o.Files[0])
		if above := filepath.Dir(o.Files[0]); dir == "" && (above != "." || strings.HasPrefix(o.Files[0], "./")) {
			dir = above
		}
	}
	candidates := []string{dir, filepath.Join(dir, "pg_wal")}
	if dir == "" {
		candidates = []string{".", "pg_wal"}
		if data := os.Getenv("PGDATA"); data != "" {
			candidates = append(candidates, filepath.Join(data, "pg_wal"))
		}
	} else if _, err := os.ReadDir(dir); err != nil {
		return first, dir, fmt.Errorf("could not open directory %q: %w", dir, cause(err))
	}
	for _, candidate := range candidates {
		if holds(candidate, first) {
			return first, candidate, nil
		}
	}
	if first != "" {
		return first, dir, fmt.Errorf("could not locate WAL file %q", first)
	}
	return first, dir, errors.New("could not find any WAL file")
}

// holds reports whether dir has the segment, or any if the name is empty.
func holds(dir, name string) bool {
	if name != "" {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	first, _, err := extremes(dir)
	return err == nil && first != ""
}

// extremes are the first and the last segment by name: the oldest, and one of the newest timeline.
func extremes(dir string) (first, last string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", "", fmt.Errorf("could not open directory %q: %w", dir, cause(err))
	}
	for _, e := range entries {
		if name := e.Name(); len(name) == 24 && strings.Trim(name, "0123456789ABCDEF") == "" {
			if first == "" {
				first = name
			}
			last = name
		}
	}
	if first == "" {
		return "", "", errors.New("could not find any WAL file")
	}
	return first, last, nil
}

// segmentSize is what a segment's first page says.
func segmentSize(name string) (uint64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, fmt.Errorf("could not open file %q: %w", name, cause(err))
	}
	defer f.Close()
	page := make([]byte, wal.PageSize)
	if n, err := io.ReadFull(f, page); err != nil {
		return 0, fmt.Errorf("could not read file %q: read %d of %d", name, n, wal.PageSize)
	}
	h, err := wal.DecodePageHeader(page)
	if err != nil || !h.Long() || !wal.ValidSegmentSize(uint64(h.SegmentSize)) {
		return 0, fmt.Errorf("WAL segment size must be a power of two between 1 MB and 1 GB, but the WAL file %q header specifies %d bytes", filepath.Base(name), h.SegmentSize)
	}
	return uint64(h.SegmentSize), nil
}

// within takes start and end from STARTSEG, whose first byte is at begin, and ENDSEG, or checks that
// they are there.
func (p *place) within(o Options, begin wal.LSN) error {
	last, name := begin, o.Files[0]
	if len(o.Files) > 1 {
		var ok bool
		name = o.Files[1]
		if _, err := os.Stat(filepath.Join(p.dir, filepath.Base(name))); err != nil {
			return fmt.Errorf("could not open file %q", filepath.Base(name))
		}
		if _, last, ok = wal.ParseSegmentName(filepath.Base(name), p.segSize); !ok {
			return fmt.Errorf("invalid WAL file name %q", name)
		}
		if last < begin {
			return fmt.Errorf("ENDSEG %s is before STARTSEG %s", o.Files[1], o.Files[0])
		}
	}
	size := wal.LSN(p.segSize)
	if p.start == 0 {
		p.start = begin
	} else if p.start < begin || p.start >= begin+size {
		return fmt.Errorf("start WAL location %s is not inside file %q", p.start, filepath.Base(o.Files[0]))
	}
	switch {
	case p.end == 0 && (len(o.Files) > 1 || !o.Follow):
		p.end = last + size
	case p.end != 0 && (p.end < last || p.end > last+size):
		return fmt.Errorf("end WAL location %s is not inside file %q", p.end, name)
	}
	return nil
}

// historyOf reads a timeline's history file, if there is one.
func historyOf(dir string, tli wal.TimelineID) wal.History {
	if file, err := os.ReadFile(filepath.Join(dir, wal.HistoryName(tli))); err == nil {
		if h, err := wal.ParseHistory(tli, file); err == nil {
			return h
		}
	}
	return wal.NewHistory(tli)
}

// cause is an operating system's error without the file, which our message names, and in C's words.
func cause(err error) error {
	if e := (*os.PathError)(nil); errors.As(err, &e) {
		return saidByC{e.Err}
	}
	return err
}

// saidByC is an error number as strerror says it: "No such file or directory".
type saidByC struct{ error }

func (e saidByC) Error() string {
	text := e.error.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

func (e saidByC) Unwrap() error { return e.error }

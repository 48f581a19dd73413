package census

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func scanDir(ctx context.Context, fsys vfs.FS, dir string) (control.Census, error) {
	file, err := controlfile.Read(fsys, dir)
	if err != nil {
		return control.Census{}, err
	}
	c := New(Options{FS: fsys, Dir: path.Join(dir, "pg_wal"), SegmentSize: uint64(file.SegmentSize), SystemID: file.SystemID})
	segments, err := c.segmentsOnDisk()
	if err != nil {
		return control.Census{}, err
	}
	history, err := c.history(segments)
	if err != nil {
		return control.Census{}, err
	}
	if err := c.Fill(ctx, segments, history, ^wal.LSN(0)); err != nil {
		return control.Census{}, err
	}
	h := control.Holder{Kind: control.HolderWAL}
	if n := len(segments); n > 0 {
		h.From, h.To = segments[0].Start, segments[n-1].Start+wal.LSN(c.segSize)
	}
	return control.Census{Holders: []control.Holder{c.Holder(h, segments, 0)}}, nil
}

// segmentsOnDisk lists the segments that hold log: prepared and recycled ones begin with another page.
// One with a tally beside it was finished, and need not be opened to know that.
func (p place) segmentsOnDisk() ([]segment.SegmentInfo, error) {
	entries, err := p.fs.ReadDir(p.dir)
	if err != nil {
		return nil, fmt.Errorf("census: %w", err)
	}
	finished, err := p.sidecars()
	if err != nil {
		return nil, err
	}
	var out []segment.SegmentInfo
	for _, e := range entries {
		tli, start, ok := wal.ParseSegmentName(e.Name(), p.segSize)
		if ok && (finished[e.Name()] || p.Holds(e.Name(), start)) {
			out = append(out, segment.SegmentInfo{Name: e.Name(), Timeline: tli, Start: start})
		}
	}
	slices.SortFunc(out, func(a, b segment.SegmentInfo) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Timeline, b.Timeline))
	})
	return out, nil
}

// sidecars are the names of the segments that a tally is kept of, good or damaged.
func (p place) sidecars() (map[string]bool, error) {
	entries, err := p.fs.ReadDir(path.Join(p.dir, path.Dir(SidecarName(""))))
	if err != nil && !isNotExist(err) {
		return nil, fmt.Errorf("census: %w", err)
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), sidecarSuffix); ok {
			names[name] = true
		}
	}
	return names, nil
}

// Holds reports whether the segment file begins with the page that belongs there. One that cannot be
// read may hold anything.
func (p place) Holds(name string, start wal.LSN) bool {
	f, err := p.fs.OpenFile(path.Join(p.dir, name), os.O_RDONLY, fs.FileMode(0))
	if err != nil {
		return true
	}
	defer f.Close()
	var b [wal.LongPageHeaderSize]byte
	if n, err := f.ReadAt(b[:], 0); n < len(b) {
		return err != nil && n > 0
	}
	h, err := wal.DecodePageHeader(b[:])
	return err == nil && h.Magic.Known() && h.Addr == start
}

// history is the ancestry of the newest timeline that has a segment.
func (p place) history(segments []segment.SegmentInfo) (wal.History, error) {
	var newest wal.TimelineID = 1
	for _, s := range segments {
		newest = max(newest, s.Timeline)
	}
	b, err := vfs.ReadFile(p.fs, path.Join(p.dir, wal.HistoryName(newest)))
	if isNotExist(err) {
		return wal.NewHistory(newest), nil
	}
	if err != nil {
		return nil, err
	}
	return wal.ParseHistory(newest, b)
}

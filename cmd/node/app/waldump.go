package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/node"
	"github.com/redoubt-wal/redoubt/node/recordtext"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// dumpOptions are pg_waldump's.
type dumpOptions struct {
	path, start, end string
	limit            int
	rmgrs            []string
	stats, quiet     bool
	timeline         uint32
	files            []string
}

func (a *app) waldumpCommand() *cobra.Command {
	var o dumpOptions
	cmd := &cobra.Command{
		Use:   "waldump [STARTSEG [ENDSEG]]",
		Short: "Print log records for people, as pg_waldump does, with this binary's modules",
		Args:  cobra.MaximumNArgs(2),
		RunE: func(_ *cobra.Command, files []string) error {
			o.files = files
			return a.waldump(o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.path, "path", "p", "", "`PATH` of the segments, or of a data directory")
	f.StringVarP(&o.start, "start", "s", "", "start at `LSN`")
	f.StringVarP(&o.end, "end", "e", "", "stop at `LSN`")
	f.IntVarP(&o.limit, "limit", "n", 0, "stop after `N` records")
	f.StringArrayVarP(&o.rmgrs, "rmgr", "r", nil, "only records of this resource `MANAGER`; list prints their names")
	f.BoolVarP(&o.stats, "stats", "z", false, "statistics instead of records")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	f.Uint32VarP(&o.timeline, "timeline", "t", 0, "`TIMELINE` to read; the newest if not given")
	return cmd
}

func (a *app) waldump(o dumpOptions) error {
	table, err := node.LoadTable(a.modules, []string{"*"})
	if err != nil {
		return err
	}
	if slices.Contains(o.rmgrs, "list") {
		for _, e := range table.Entries() {
			fmt.Fprintln(a.stdout, e.Name)
		}
		return nil
	}
	log, err := findLog(o)
	if err != nil {
		return err
	}
	defer log.source.Close()
	return newDump(a.stdout, table, o).run(log)
}

// aLog is where to read from and up to where.
type aLog struct {
	source     *segment.Source
	segSize    uint64
	start, end wal.LSN
}

// findLog finds the segments, their size and timeline, and the first record.
func findLog(o dumpOptions) (*aLog, error) {
	dir := segmentDir(o)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("could not open directory %q: %w", dir, err)
	}
	var first, newest string
	for _, e := range entries {
		if wholeSegmentName(e.Name()) {
			if first == "" {
				first = e.Name()
			}
			newest = max(newest, e.Name())
		}
	}
	if len(o.files) > 0 {
		first, newest = filepath.Base(o.files[0]), filepath.Base(o.files[0])
	}
	if first == "" {
		return nil, fmt.Errorf("could not find any WAL file in %q", dir)
	}
	l := &aLog{}
	header, err := firstPage(filepath.Join(dir, first))
	if err != nil {
		return nil, err
	}
	l.segSize = uint64(header.SegmentSize)
	tli, start, _ := wal.ParseSegmentName(newest, l.segSize)
	if o.timeline != 0 {
		tli = wal.TimelineID(o.timeline)
	}
	if _, at, ok := wal.ParseSegmentName(first, l.segSize); ok {
		start = at
	}
	if l.end, err = lastLSN(o, l.segSize); err != nil {
		return nil, err
	}
	l.source = segment.NewSource(vfs.OS(), filepath.ToSlash(dir), l.segSize, historyOf(dir, tli))
	if o.start != "" {
		l.start, err = wal.ParseLSN(o.start)
		return l, err
	}
	l.start, err = firstRecord(l.source, start)
	return l, err
}

func segmentDir(o dumpOptions) string {
	dir := o.path
	if dir == "" && len(o.files) > 0 {
		dir = filepath.Dir(o.files[0])
	}
	if dir == "" {
		dir = "."
	}
	if below := filepath.Join(dir, "pg_wal"); isDir(below) {
		return below
	}
	return dir
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func wholeSegmentName(name string) bool {
	return len(name) == 24 && strings.Trim(name, "0123456789ABCDEF") == ""
}

// lastLSN is where to stop: -e, or the end of ENDSEG or of the only segment named; 0 is the log's end.
func lastLSN(o dumpOptions, segSize uint64) (wal.LSN, error) {
	if o.end != "" {
		return wal.ParseLSN(o.end)
	}
	if len(o.files) == 0 {
		return 0, nil
	}
	last := filepath.Base(o.files[len(o.files)-1])
	_, start, ok := wal.ParseSegmentName(last, segSize)
	if !ok {
		return 0, fmt.Errorf("%q is not the name of a WAL segment", last)
	}
	return start + wal.LSN(segSize), nil
}

// firstPage reads a segment's first page header.
func firstPage(name string) (wal.PageHeader, error) {
	f, err := os.Open(name)
	if err != nil {
		return wal.PageHeader{}, fmt.Errorf("could not open file: %w", err)
	}
	defer f.Close()
	page := make([]byte, wal.PageSize)
	if _, err := io.ReadFull(f, page); err != nil {
		return wal.PageHeader{}, fmt.Errorf("could not read file %q: %w", name, err)
	}
	h, err := wal.DecodePageHeader(page)
	if err != nil || !h.Long() {
		return h, fmt.Errorf("%q does not begin with a WAL segment's page header", name)
	}
	return h, nil
}

// historyOf reads the timeline's history file, if there is one.
func historyOf(dir string, tli wal.TimelineID) wal.History {
	file, err := os.ReadFile(filepath.Join(dir, wal.HistoryName(tli)))
	if err != nil {
		return wal.NewHistory(tli)
	}
	h, err := wal.ParseHistory(tli, file)
	if err != nil {
		return wal.NewHistory(tli)
	}
	return h
}

// firstRecord finds where the first record begins at or after a segment's start (XLogFindNextRecord).
func firstRecord(src *segment.Source, page wal.LSN) (wal.LSN, error) {
	for {
		raw, err := src.ReadPages(page, wal.PageSize)
		if err != nil {
			return 0, fmt.Errorf("could not find a valid record after %s: %w", page, err)
		}
		h, err := wal.DecodePageHeader(raw[:wal.PageSize])
		if err != nil {
			return 0, fmt.Errorf("could not find a valid record after %s: %w", page, err)
		}
		start := page + wal.LSN(h.Size())
		if h.Info&wal.PageFirstIsContRecord == 0 {
			return start, nil
		}
		if rest := wal.LSN(wal.Align8(uint64(h.RemLen))); start+rest < page+wal.PageSize {
			return start + rest, nil
		}
		page += wal.PageSize
	}
}

// A dump prints or counts records.
type dump struct {
	w       io.Writer
	table   *rmgr.Table
	o       dumpOptions
	printed int
	counts  map[string]*tally
}

type tally struct {
	records, bytes, images int
}

func newDump(w io.Writer, table *rmgr.Table, o dumpOptions) *dump {
	return &dump{w: w, table: table, o: o, counts: map[string]*tally{}}
}

func (d *dump) run(l *aLog) error {
	r := wal.NewReader(l.source, wal.ReaderOptions{SegmentSize: l.segSize})
	r.Seek(l.start)
	for d.o.limit == 0 || d.printed < d.o.limit {
		rec, err := r.Next()
		if err != nil {
			d.statistics()
			if errors.Is(err, wal.ErrCorrupt) || l.end != 0 {
				return fmt.Errorf("error in WAL record at %s: %w", r.End(), err)
			}
			return nil // the log's end
		}
		if l.end != 0 && rec.LSN >= l.end {
			break
		}
		d.record(rec)
	}
	d.statistics()
	return nil
}

func (d *dump) record(rec *wal.Record) {
	name := recordtext.Manager(d.table, rec.Rmgr)
	if len(d.o.rmgrs) > 0 && !slices.ContainsFunc(d.o.rmgrs, func(want string) bool { return strings.EqualFold(want, name) }) {
		return
	}
	d.printed++
	images := recordtext.Images(rec)
	t := d.counts[name]
	if t == nil {
		t = &tally{}
		d.counts[name] = t
	}
	t.records, t.bytes, t.images = t.records+1, t.bytes+int(rec.Total)-images, t.images+images
	if d.o.stats || d.o.quiet {
		return
	}
	recordtext.Line(d.w, d.table, rec)
	fmt.Fprintln(d.w)
}

// statistics prints one line per resource manager.
func (d *dump) statistics() {
	if !d.o.stats {
		return
	}
	var names []string
	var all tally
	for name, t := range d.counts {
		names = append(names, name)
		all.records, all.bytes, all.images = all.records+t.records, all.bytes+t.bytes, all.images+t.images
	}
	slices.Sort(names)
	line := func(name string, t tally) {
		fmt.Fprintf(d.w, "%-27s %20s %20s %20s %20s\n", name, share(t.records, all.records), share(t.bytes, all.bytes), share(t.images, all.images), share(t.bytes+t.images, all.bytes+all.images))
	}
	fmt.Fprintf(d.w, "%-27s %20s %20s %20s %20s\n", "Type", "N      (%)", "Record size      (%)", "FPI size      (%)", "Combined size      (%)")
	for _, name := range names {
		line(name, *d.counts[name])
	}
	line("Total", all)
}

func share(n, of int) string {
	if of == 0 {
		of = 1
	}
	return fmt.Sprintf("%d (%6.2f)", n, 100*float64(n)/float64(of))
}

package waldump

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/redoubt-wal/redoubt/node/recordtext"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// List prints the names of all managers (--rmgr=list).
func List(w io.Writer, table *rmgr.Table) {
	for _, e := range table.Entries() {
		fmt.Fprintln(w, e.Name)
	}
}

// Run reads the log and writes what o asks for to w, until the log ends or ctx does, which is no error.
// zone is that of the times it prints.
func Run(ctx context.Context, w io.Writer, table *rmgr.Table, zone *time.Location, o Options) error {
	at, err := locate(o)
	if err != nil {
		return err
	}
	if o.SaveFullPage != "" {
		if err := makeEmpty(o.SaveFullPage); err != nil {
			return err
		}
	}
	src := segment.NewSource(vfs.OS(), filepath.ToSlash(at.dir), at.segSize, at.history)
	defer src.Close()
	out := bufio.NewWriterSize(w, 256<<10)
	d := &dump{o: o, at: at, src: src, w: out, text: recordtext.Text{Table: table}}
	d.text.Printer.Zone = zone
	d.r = wal.NewReader(bounded{src, at.end}, wal.ReaderOptions{SegmentSize: at.segSize})
	err = d.run(ctx)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}

type dump struct {
	o    Options
	at   place
	src  wal.PageSource
	r    *wal.Reader
	w    *bufio.Writer
	text recordtext.Text

	line  []byte
	tally recordtext.Tally
	end   wal.LSN // of the last record that was picked
	page  [wal.PageSize]byte
}

func (d *dump) run(ctx context.Context) error {
	first, err := d.r.FindFirst(d.at.start)
	if err != nil {
		return d.nothing(err)
	}
	d.text.Printer.Magic = d.r.Magic()
	if skipped := first - d.at.start; skipped > 0 && uint64(d.at.start)%d.at.segSize != 0 {
		fmt.Fprintf(d.w, "first record is after %s, at %s, skipping over %d %s\n", d.at.start, first, skipped, plural(skipped, "byte"))
	}
	if !d.countInParts(ctx, first) {
		err = d.records(ctx)
	}
	counted := d.end != 0 && !errors.As(err, new(unreadable))
	if d.o.Stats && !d.o.Quiet && counted { // of nothing there are no statistics
		d.statistics(first)
	}
	return err
}

func plural(n wal.LSN, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// pollInterval is how long --follow waits at the log's end.
const pollInterval = time.Second

func (d *dump) records(ctx context.Context) error {
	for picked := 0; ctx.Err() == nil; {
		rec, err := d.r.Next()
		switch {
		case err == nil:
		case errors.Is(err, wal.ErrNotYet): // the end that was asked for
			return nil
		case d.o.Follow:
			if err := d.wait(ctx); err != nil {
				return err
			}
			continue
		case d.at.whole && errors.Is(err, wal.ErrTornTail):
			return nil
		default:
			return d.broken(err)
		}
		if !d.o.Filter.fits(rec) {
			continue
		}
		if err := d.record(rec); err != nil {
			return err
		}
		if picked++; d.o.Limit > 0 && picked == d.o.Limit {
			return nil
		}
	}
	return nil
}

func (d *dump) record(rec *wal.Record) error {
	switch {
	case d.o.Quiet:
	case d.o.Stats:
		d.tally.Add(rec)
		d.end = rec.End
	default:
		d.line = d.text.AppendLine(d.line[:0], rec, d.o.Details)
		if _, err := d.w.Write(d.line); err != nil {
			return err
		}
	}
	if d.o.SaveFullPage != "" {
		return d.saveFullPages(rec)
	}
	return nil
}

// wait shows what there is and gives the log time to grow.
func (d *dump) wait(ctx context.Context) error {
	if err := d.w.Flush(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(pollInterval):
	}
	return nil
}

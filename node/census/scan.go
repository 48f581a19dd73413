package census

import (
	"context"
	"errors"

	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A place is where segments lie.
type place struct {
	fs      vfs.FS
	dir     string // pg_wal
	segSize uint64
	system  uint64
}

// scan reads the records that start in one segment, before until if that is not 0. inForce is what the
// segment before ended with, nil if not known.
func (p place) scan(ctx context.Context, history wal.History, start, until wal.LSN, inForce *modules.Snapshot) (*tally, error) {
	t := newTally(start)
	t.inForce = inForce
	end := start + wal.LSN(p.segSize)
	if until != 0 {
		end = min(end, until)
	}
	src := segment.NewSource(p.fs, p.dir, p.segSize, history)
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: p.segSize, SystemID: p.system})
	if _, err := r.FindFirst(start); err != nil {
		return t, tornIsEnd(err)
	}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		rec, err := r.Next()
		if err != nil {
			return t, tornIsEnd(err)
		}
		if rec.LSN >= end {
			return t, nil
		}
		if err := t.read(rec); err != nil {
			return nil, err
		}
	}
}

// read notes one record of a scan.
func (t *tally) read(rec *wal.Record) error {
	switch {
	case rec.Rmgr == wal.RmgrModules:
		s, err := modules.Decode(rec.Main)
		if err != nil {
			return err
		}
		t.inForce = &s
	case rec.Rmgr.Custom():
		t.note(recovery.NeedOf(t.inForce, rec.Rmgr, rec.LSN), rec.LSN)
	}
	return nil
}

func tornIsEnd(err error) error {
	if errors.Is(err, wal.ErrTornTail) {
		return nil
	}
	return err
}

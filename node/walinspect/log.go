package walinspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// A Log is what one call reads.
type Log struct {
	Pages       wal.PageSource
	SegmentSize uint64
	SystemID    uint64
	Timeline    wal.TimelineID // the newest, for the names of segments in messages
	Known       wal.LSN        // up to here it is durable, and on a standby replayed
	Close       func() error
}

// An Opener opens the log of the data directory in use.
type Opener func() (*Log, error)

// each calls fn for the records that start at or after from and end at or before to.
func (open Opener) each(ctx context.Context, from, to wal.LSN, fn func(*wal.Record) error) error {
	l, err := open()
	if err != nil {
		return err
	}
	defer l.Close()
	switch {
	case from >= l.Known:
		return l.future("start")
	case to > l.Known:
		return l.future("end")
	case from >= to:
		return errReversed
	}
	return l.read(ctx, from, to, fn)
}

// eachUpTo is each whose end may lie in the future: then it is the end of the log.
func (open Opener) eachUpTo(ctx context.Context, from, to wal.LSN, fn func(*wal.Record) error) error {
	l, err := open()
	if err != nil {
		return err
	}
	defer l.Close()
	switch {
	case from >= l.Known:
		return l.future("start")
	case from >= to:
		return errReversed
	}
	return l.read(ctx, from, min(to, l.Known), fn)
}

var errReversed = invalid("WAL start LSN must be less than end LSN", "")

// one calls fn for the first record that starts at or after at.
func (open Opener) one(ctx context.Context, at wal.LSN, fn func(*wal.Record) error) error {
	l, err := open()
	if err != nil {
		return err
	}
	defer l.Close()
	if at >= l.Known {
		return l.future("input")
	}
	err = l.read(ctx, at, l.Known, func(rec *wal.Record) error { return errors.Join(fn(rec), errEnough) })
	if err == nil {
		return failed("could not read WAL at %s", at)
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return err
}

// tillEnd stands for the end of the log.
const tillEnd = ^wal.LSN(0)

// errEnough ends a walk.
var errEnough = errors.New("enough")

func (l *Log) read(ctx context.Context, from, to wal.LSN, fn func(*wal.Record) error) error {
	if from < wal.LSN(l.SegmentSize) {
		return failed("could not read WAL at LSN %s", from)
	}
	r := wal.NewReader(l.Pages, wal.ReaderOptions{SegmentSize: l.SegmentSize, SystemID: l.SystemID, MustReach: to})
	if _, err := r.FindFirst(from); err != nil {
		return l.unreadable(fmt.Sprintf("could not find a valid record after %s", from), from, err)
	}
	for ctx.Err() == nil {
		rec, err := r.Next()
		switch {
		case errors.Is(err, wal.ErrNotYet):
			return nil
		case err != nil:
			return l.unreadable(fmt.Sprintf("could not read WAL at %s: %v", r.End(), err), r.End(), err)
		case rec.End > to:
			return nil
		}
		if err := fn(rec); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// unreadable says whether the log is gone, or something else is wrong.
func (l *Log) unreadable(message string, at wal.LSN, err error) error {
	switch {
	case errors.Is(err, wal.ErrNotYet):
		return nil // nothing begins before the end
	case errors.Is(err, wal.ErrNoPage) || errors.Is(err, segment.ErrRemoved):
		name := wal.SegmentName(l.Timeline, at, l.SegmentSize)
		return &rmgr.Error{Code: "58P01", Message: fmt.Sprintf("requested WAL segment %s has already been removed", name)}
	}
	return failed("%s", message)
}

func (l *Log) future(which string) error {
	return invalid("cannot accept future "+which+" LSN", fmt.Sprintf("Last known WAL LSN on the database system is at %s.", l.Known))
}

func invalid(message, detail string) error {
	return &rmgr.Error{Code: "22023", Message: message, Detail: detail}
}

func failed(format string, args ...any) error {
	return &rmgr.Error{Code: "XX000", Message: fmt.Sprintf(format, args...)}
}

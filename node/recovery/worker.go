package recovery

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// A Worker replays its share of the pages ([Applier.Share]) and nothing else: what records mean for the
// node is somebody else's to follow. It is for one goroutine at a time.
type Worker struct {
	Applier Applier
	Formats Formats
	Reader  *wal.Reader // where the worker goes on

	ahead Ahead
}

// Replay replays the records that start before until, which is the end of a record that is there or of a
// page. After an error, each of the worker's pages is as some record has left it: who replays all of the
// log once more, pages that have a change already left alone, arrives at the same pages.
func (w *Worker) Replay(ctx context.Context, until wal.LSN) error {
	for w.Reader.End() < until {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		first, err := w.Reader.Next()
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		rest := w.ahead.Read(w.Reader, first, &w.Applier)
		if err := w.replay(first); err != nil {
			return err
		}
		for i := range rest {
			if err := w.replay(&rest[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Worker) replay(rec *wal.Record) error {
	if err := w.Formats.Read(rec); err != nil {
		return err
	}
	return w.Applier.Apply(rec, w.Formats.Of(rec.Rmgr).Format)
}

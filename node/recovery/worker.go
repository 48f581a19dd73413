package recovery

import (
	"context"

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
	return w.ahead.Each(ctx, w.Reader, until, &w.Applier, w.replay)
}

func (w *Worker) replay(rec *wal.Record) error {
	if err := w.Formats.Read(rec); err != nil {
		return err
	}
	return w.Applier.Apply(rec, w.Formats.Of(rec.Rmgr).Format)
}

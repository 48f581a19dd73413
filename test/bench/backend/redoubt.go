package backend

import (
	"path/filepath"
	"sync/atomic"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

const (
	recycled           = 512 << 20 // bytes of segments ahead, as a node has after its first checkpoints
	checkpointDistance = 128 << 20 // bytes of log after which old segments are given up
	kept               = 32 << 20  // bytes of log that are not given up
)

// Redoubt is our log, with a checkpoint's recycling beside the appends.
type Redoubt struct {
	Segments *segment.Log
	durable  bool

	last      atomic.Uint64 // where segments were given up last
	recycling atomic.Bool
	failed    atomic.Pointer[error]
}

func openRedoubt(o Options) (Log, error) { return OpenRedoubt(o, true) }

// OpenRedoubt opens our log; if not recycle, every segment is made anew, as in a node's first minutes.
func OpenRedoubt(o Options, recycle bool) (*Redoubt, error) {
	s, err := segment.Open(segment.Options{
		FS: vfs.OS(), Dir: filepath.ToSlash(o.Dir), SystemID: 1, MinSize: recycled, Go: func(task func()) { go task() },
		MaySwitch: func(insert func()) { insert() },
	})
	if err != nil {
		return nil, err
	}
	r := &Redoubt{Segments: s, durable: o.Durable}
	if err := s.StartInsert(wal.DefaultSegmentSize, 0, 1); err != nil {
		return nil, err
	}
	if !recycle {
		r.recycling.Store(true)
		return r, nil
	}
	return r, r.fill()
}

// fill writes as much log as there are to be recycled segments, and gives it up. It ends amid a segment, so that
// later checkpoints end there too: in a node, where they take their time, nothing puts their end on an edge.
func (r *Redoubt) fill() error {
	var b wal.Builder
	filler := make([]byte, 64<<10)
	var end wal.LSN
	for end < recycled+wal.DefaultSegmentSize*3/2 {
		var err error
		if end, err = r.insert(&b, filler); err != nil {
			return err
		}
	}
	if err := r.Segments.Flush(end); err != nil {
		return err
	}
	return r.giveUp(end)
}

func (r *Redoubt) insert(b *wal.Builder, p []byte) (wal.LSN, error) {
	b.Begin(wal.RmgrExperimental, 0)
	b.AddMain(p)
	if err := b.Finish(); err != nil {
		return 0, err
	}
	_, end, err := r.Segments.Insert(b, 0)
	return end, err
}

// Appender is Log.
func (r *Redoubt) Appender() func([]byte) error {
	b := &wal.Builder{}
	return func(p []byte) error {
		end, err := r.insert(b, p)
		if err == nil && r.durable {
			err = r.Segments.Flush(end)
		}
		if uint64(end)-r.last.Load() >= checkpointDistance {
			r.checkpoint(end)
		}
		return err
	}
}

// checkpoint gives old segments up beside the appends, as a checkpoint does.
func (r *Redoubt) checkpoint(end wal.LSN) {
	if !r.recycling.CompareAndSwap(false, true) {
		return
	}
	go func() {
		if err := r.giveUp(end); err != nil {
			r.failed.Store(&err)
		}
		r.recycling.Store(false)
	}()
}

func (r *Redoubt) giveUp(end wal.LSN) error {
	r.Segments.SetRedoPointer(end)
	r.last.Store(uint64(end))
	_, err := r.Segments.Recycle(end-min(kept, end), nil)
	return err
}

// Close is Log.
func (r *Redoubt) Close() error {
	err := r.Segments.Flush(r.Segments.InsertLSN())
	if failed := r.failed.Load(); failed != nil {
		err = *failed
	}
	if e := r.Segments.Close(); err == nil {
		err = e
	}
	return err
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/storage"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// An Examination is what Examine has read of a data directory and found good.
type Examination struct {
	Suspect     string  // the text of the mark, "" if there is none
	Oldest, End wal.LSN // the log that is certain
	Records     int64   // in it
	Pages       int64   // of data, read and good
	Restored    int64   // of data, damaged, that replay makes anew from the log
}

// ErrDamaged says that Examine found data that neither is good nor is made good by replay.
var ErrDamaged = errors.New("data pages are damaged")

// Examine reads all log and every data page of a directory that nobody uses, from the disk rather than
// from memory, and changes nothing. It fails with wal.ErrCorrupt or ErrDamaged when something is
// damaged that replay does not make good, and like Open when the log cannot be replayed.
func Examine(ctx context.Context, o Options) (*Examination, error) {
	o = o.withDefaults()
	if _, err := controlfile.Read(o.FS, o.Dir); err != nil {
		return nil, fmt.Errorf("%s is not a node's data directory: %w", o.Dir, err)
	}
	if err := checkVersion(o.FS, o.Dir); err != nil { // before the lock, which makes its file
		return nil, fmt.Errorf("examine %s: %w", o.Dir, err)
	}
	lock, err := o.FS.Lock(path.Join(o.Dir, versionName))
	if err != nil {
		return nil, fmt.Errorf("examine %s: %w", o.Dir, err)
	}
	defer lock.Close()
	e := &Engine{o: o}
	x, err := e.examine(ctx)
	if err != nil {
		return nil, fmt.Errorf("examine %s: %w", o.Dir, err)
	}
	return x, nil
}

func (e *Engine) examine(ctx context.Context) (*Examination, error) {
	if err := e.forgetLog(); err != nil {
		return nil, err
	}
	s, err := e.survey(ctx)
	if err != nil {
		return nil, err
	}
	x := &Examination{End: s.end.LSN}
	if s.mark != nil {
		x.Suspect = s.mark.String()
	}
	restored, err := e.examineLog(ctx, s, x)
	if err != nil {
		return nil, err
	}
	var damaged []error
	x.Pages, err = storage.VerifyAll(e.o.FS, e.o.Dir, func(at storage.Place, err error) error {
		if restored[at] {
			x.Restored++
		} else {
			damaged = append(damaged, fmt.Errorf("%s: %w", at, err))
		}
		return ctx.Err()
	})
	if err == nil && len(damaged) > 0 {
		err = fmt.Errorf("%w: %d pages, the first of them %w", ErrDamaged, len(damaged), damaged[0])
	}
	return x, err
}

// forgetLog has the next reads of the log come from the disk.
func (e *Engine) forgetLog() error {
	entries, err := e.o.FS.ReadDir(e.path(walDir))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		f, err := e.o.FS.OpenFile(e.path(walDir+"/"+entry.Name()), os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(vfs.Forget(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// examineLog reads all log that is here, the part before the redo point too, and returns the pages
// that replay will make anew.
func (e *Engine) examineLog(ctx context.Context, s *start, x *Examination) (map[storage.Place]bool, error) {
	restored := map[storage.Place]bool{}
	src := segment.NewSource(e.o.FS, e.path(walDir), e.segSize, s.history)
	defer src.Close()
	r := wal.NewReader(limited{src, s.end.LSN}, wal.ReaderOptions{SegmentSize: e.segSize, SystemID: e.system, MustReach: s.end.LSN})
	var err error
	if x.Oldest, err = r.FindFirst(e.oldestSegment(s)); err != nil {
		return nil, err
	}
	for r.End() < s.end.LSN {
		rec, err := r.Next()
		if err != nil {
			return nil, err
		}
		if x.Records++; x.Records%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if rec.LSN < s.redo {
			continue
		}
		for i := range rec.Blocks {
			if b := &rec.Blocks[i]; b.Apply() || b.WillInit {
				restored[storage.Place{Rel: b.Rel, Fork: b.Fork, Block: b.Block}] = true
			}
		}
	}
	return restored, nil
}

// oldestSegment is where the unbroken log begins that leads to the redo point.
func (e *Engine) oldestSegment(s *start) wal.LSN {
	at := e.segmentStart(s.redo)
	for at > wal.LSN(e.segSize) && e.hasSegment(s.history, at-wal.LSN(e.segSize)) {
		at -= wal.LSN(e.segSize)
	}
	return at
}

func (e *Engine) hasSegment(h wal.History, at wal.LSN) bool {
	for _, entry := range h {
		if ok, err := vfs.Exists(e.o.FS, e.path(walDir+"/"+wal.SegmentName(entry.Timeline, at, e.segSize))); ok || err != nil {
			return true
		}
	}
	return false
}

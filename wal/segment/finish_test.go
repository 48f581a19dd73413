package segment_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A backlog runs a log's background tasks when the test says so.
type backlog struct{ tasks []func() }

func (b *backlog) later(task func()) { b.tasks = append(b.tasks, task) }

func (b *backlog) run() {
	for len(b.tasks) > 0 {
		task := b.tasks[0]
		b.tasks = b.tasks[1:]
		task()
	}
}

// behind are stories in which nobody waits for segments that are full: each is made durable while
// others are being written, whenever the background gets to it.
var behind = map[string]func(*story, *backlog){
	"more than may be finished later": func(s *story, _ *backlog) {
		for range 18 {
			s.insert(400_000)
		}
		s.flush()
	},
	"the background is quick": func(s *story, b *backlog) {
		for range 12 {
			s.insert(300_000)
			b.run()
		}
		s.flush()
	},
	"a commit comes in between": func(s *story, b *backlog) {
		s.insert(900_000, 900_000, 900_000)
		s.flush()
		s.insert(900_000, 900_000)
		b.run()
		s.insert(900_000, 100)
		s.flush()
	},
	"into recycled segments": func(s *story, b *backlog) {
		for range 4 {
			s.insert(500_000, 500_000)
			s.flush()
			s.log.SetRedoPointer(s.log.InsertLSN())
			b.run()
		}
		if _, err := s.log.Recycle(s.log.InsertLSN()-mib, nil); err != nil {
			s.t.Fatal(err)
		}
		s.insert(900_000, 900_000, 900_000)
		s.flush()
	},
}

func tellBehind(t *testing.T, tell func(*story, *backlog)) *story {
	t.Helper()
	s, b := &story{t: t, mem: vfs.NewMem()}, &backlog{}
	s.mem.Record()
	s.log = opened(t, segment.Options{FS: s.mem, BufferSize: 256 << 10, MinSize: 5 * mib, MaxSize: 6 * mib, Go: b.later})
	s.promises = []promise{{s.mem.Ops(), mib, 0}}
	t.Cleanup(b.run) // Close waits for them
	tell(s, b)
	b.run()
	return s
}

func TestAPowerCutWhileSegmentsAreFinishedBehindLosesNothingThatWasFlushed(t *testing.T) {
	for name, tellIt := range behind {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tellBehind(t, tellIt)
			for op := s.promises[0].op; op <= s.mem.Ops(); op++ {
				for _, variant := range tried() {
					checkCrash(t, s, op, variant)
				}
			}
		})
	}
}

// What a power cut leaves of later segments without their beginning must not come back to life when the
// log, written anew record for record as before, gets there.
func TestPagesWrittenAheadOfALostSegmentNeverComeBack(t *testing.T) {
	const records = 500
	write := func(l *segment.Log, from, to int) (end wal.LSN) {
		var b wal.Builder
		for i := from; i < to; i++ {
			var err error
			if _, end, err = l.Insert(pageful(&b, i, l.NextStart()), 0); err != nil {
				t.Fatal(err)
			}
		}
		return end
	}
	mem, tasks := vfs.NewMem(), &backlog{}
	mem.Record()
	l := opened(t, segment.Options{FS: mem, BufferSize: 256 << 10, Go: tasks.later})
	t.Cleanup(tasks.run)
	from := mem.Ops()
	write(l, 0, records)
	tried, lost := 0, 0
	for op := from; op <= mem.Ops(); op += 2 {
		for _, variant := range variants[1:8] {
			disk := mem.Crash(op, variant)
			next, end, err := survivors(disk, 0)
			if err != nil {
				t.Fatal(err)
			}
			if next < 1 || end.Lost != 0 {
				continue
			}
			if orphans(t, disk, end.LSN) {
				lost++
			}
			again := open(t, segment.Options{FS: disk, BufferSize: 256 << 10})
			if err := again.StartInsert(end.LSN, end.Last, 1); err != nil {
				t.Fatal(err)
			}
			for until := min(next+300, records); next < until; next += 1 + next%40 {
				newEnd := write(again, next, next+1+next%40)
				if err := again.Flush(newEnd); err != nil {
					t.Fatal(err)
				}
				if _, now, err := survivors(disk, newEnd); err != nil || now.LSN != newEnd {
					t.Fatalf("cut before operation %d, variant %d: the log written anew ends at %s, and reads on to %s (%v)", op, variant, newEnd, now.LSN, err)
				}
			}
			tried++
		}
	}
	if tried == 0 || lost == 0 {
		t.Errorf("%d power cuts, %d of which left pages ahead of what they lost", tried, lost)
	}
}

// pageful is a record that fills the rest of the page in which it starts.
func pageful(b *wal.Builder, n int, start wal.LSN) *wal.Builder {
	room := int(wal.PageStart(start) + wal.PageSize - start)
	size := room - 100
	for message(b, n, size).Len() < room {
		size++
	}
	return b
}

// orphans reports whether a segment behind end has a page of its own.
func orphans(t *testing.T, disk *vfs.Mem, end wal.LSN) bool {
	for at := wal.PageStart(end)&^(mib-1) + mib; ; at += mib {
		b, err := vfs.ReadFile(disk, "pg_wal/"+wal.SegmentName(1, at, mib))
		if errors.Is(err, fs.ErrNotExist) {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(b); i += wal.PageSize {
			if h, err := wal.DecodePageHeader(b[i:]); err == nil && h.Addr == at+wal.LSN(i) {
				return true
			}
		}
	}
}

func TestASegmentThatCannotBeFinishedBehindFailsTheLog(t *testing.T) {
	for _, op := range []string{vfs.OpSync, vfs.OpStartSync} {
		t.Run(op, func(t *testing.T) {
			faulty, tasks := vfs.NewFault(vfs.NewMem()), &backlog{}
			l := opened(t, segment.Options{FS: faulty, Go: tasks.later})
			t.Cleanup(tasks.run)
			tasks.run()
			faulty.Add(&vfs.Rule{Op: op, Path: "0*", Err: errIO}) // the segments, not the files they are made as
			var b wal.Builder
			_, end, err := l.Insert(message(&b, 0, 5*mib), 0)
			if err == nil {
				tasks.run()
				err = l.Flush(end)
			}
			if !errors.Is(err, errIO) || l.FlushedLSN() >= end {
				t.Errorf("flushed up to %s of %s: %v", l.FlushedLSN(), end, err)
			}
		})
	}
}

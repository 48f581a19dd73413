package segment_test

import (
	"fmt"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A promise is what was durable by the time of an operation of the file system.
type promise struct {
	op      int
	flushed wal.LSN
	records int
}

// promised is what holds at a power cut before operation op.
func promised(all []promise, op int) (p promise) {
	for _, q := range all {
		if q.op <= op {
			p = q
		}
	}
	return p
}

// A story writes to a log and says after each flush what is durable.
type story struct {
	t        *testing.T
	mem      *vfs.Mem
	log      *segment.Log
	b        wal.Builder
	inserted int
	promises []promise
}

func (s *story) insert(sizes ...int) {
	for _, size := range sizes {
		if _, _, err := s.log.Insert(message(&s.b, s.inserted, size), 0); err != nil {
			s.t.Fatal(err)
		}
		s.inserted++
	}
}

func (s *story) flush() {
	if err := s.log.Flush(s.log.InsertLSN()); err != nil {
		s.t.Fatal(err)
	}
	s.promises = append(s.promises, promise{s.mem.Ops(), s.log.FlushedLSN(), s.inserted})
}

func tell(t *testing.T, tell func(*story)) *story {
	t.Helper()
	s := &story{t: t, mem: vfs.NewMem()}
	s.mem.Record()
	s.log = opened(t, segment.Options{FS: s.mem, BufferSize: 256 << 10, MinSize: 5 * mib, MaxSize: 6 * mib, MaySwitch: atOnce})
	s.promises = []promise{{s.mem.Ops(), mib, 0}}
	tell(s)
	return s
}

var stories = map[string]func(*story){
	"small commits": func(s *story) {
		for range 12 {
			s.insert(100, 300)
			s.flush()
		}
	},
	"records over pages and buffers": func(s *story) {
		s.insert(20_000)
		s.flush()
		s.insert(5, 600_000, 5)
		s.flush()
	},
	"over a segment's end": func(s *story) {
		s.insert(1_000_000)
		s.flush()
		s.insert(30_000, 30_000)
		s.flush()
		s.insert(10)
		s.flush()
	},
	"commits that end their segment": func(s *story) {
		s.insert(1_025_000)
		s.flush()
		for range 5 {
			s.insert(3000, 3000)
			s.flush()
		}
		if at := s.log.InsertLSN(); at < 2*mib || at > 2*mib+4*6200 {
			s.t.Fatalf("the log ends at %s", at)
		}
	},
	"segment switches": func(s *story) {
		s.insert(10)
		if _, err := s.log.SwitchSegment(); err != nil {
			s.t.Fatal(err)
		}
		s.promises = append(s.promises, promise{s.mem.Ops(), s.log.FlushedLSN(), s.inserted})
		s.insert(10)
		s.flush()
	},
	"recycled segments": func(s *story) {
		for range 4 {
			s.insert(500_000, 500_000)
			s.flush()
			s.log.SetRedoPointer(s.log.InsertLSN())
		}
		if _, err := s.log.Recycle(s.log.InsertLSN()-mib, nil); err != nil {
			s.t.Fatal(err)
		}
		s.insert(900_000, 100, 900_000, 100)
		s.flush()
		s.insert(100, 100)
		s.flush()
	},
}

// variants are the outcomes of a power cut that are tried: the default ones, and tears after 1, 2, 3, …
// sectors.
var variants = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, vfs.Variants, vfs.Variants + 1, vfs.Variants + 15}

func tried() []int {
	if testing.Short() {
		return []int{0, 1, 6}
	}
	return variants
}

func TestAPowerCutLosesNothingThatWasFlushed(t *testing.T) {
	for name, tellIt := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t, tellIt)
			first := s.promises[0].op
			for op := first; op <= s.mem.Ops(); op++ {
				for _, variant := range tried() {
					checkCrash(t, s, op, variant)
				}
			}
		})
	}
}

func checkCrash(t *testing.T, s *story, op, variant int) {
	t.Helper()
	disk := s.mem.Crash(op, variant)
	want := promised(s.promises, op)
	got, end, err := survivors(disk, want.flushed)
	at := fmt.Sprintf("power cut before operation %d, variant %d", op, variant)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	if end.LSN < want.flushed {
		t.Fatalf("%s: log ends at %s (%v), promised %s", at, end.LSN, end.Cause, want.flushed)
	}
	if got > s.inserted {
		t.Fatalf("%s: record %d was never inserted", at, got)
	}
	recoverAndGoOn(t, at, disk, end)
}

// survivors reads what is left: the number after the last message, which must follow each other.
func survivors(disk *vfs.Mem, mustReach wal.LSN) (next int, end segment.End, err error) {
	start, err := oldestHere(disk)
	if err != nil {
		return 0, end, err
	}
	src := segment.NewSource(disk, "pg_wal", mib, wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib, SystemID: system, MustReach: mustReach})
	if start, err = r.FindFirst(start); err != nil {
		// The segment may hold no record's beginning: then nothing was inserted, or all of it is one record.
		return 0, segment.End{LSN: mib, Timeline: 1, Cause: err}, nil
	}
	next = -1
	end, err = segment.EndOfLog(r, start, func(rec *wal.Record) error {
		if rec.Rmgr != wal.RmgrLogicalMessage {
			return nil
		}
		m, err := wal.DecodeLogicalMessage(rec.Main)
		if err != nil {
			return err
		}
		var n int
		fmt.Sscan(m.Prefix, &n)
		if next >= 0 && n != next {
			return fmt.Errorf("record %d follows %d", n, next-1)
		}
		next = n + 1
		return nil
	})
	return next, end, err
}

// oldestHere is the start of the oldest segment that holds log.
func oldestHere(disk *vfs.Mem) (wal.LSN, error) {
	l, err := segment.Open(segment.Options{FS: disk, Dir: "pg_wal", SegmentSize: mib, SystemID: system})
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Oldest(), nil
}

// recoverAndGoOn starts a log where it ended, inserts, flushes, cuts the power again, and expects both
// the old end and the new record.
func recoverAndGoOn(t *testing.T, at string, disk *vfs.Mem, end segment.End) {
	t.Helper()
	l, err := segment.Open(segment.Options{FS: disk, Dir: "pg_wal", SegmentSize: mib, SystemID: system, BufferSize: 32 << 10})
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	defer l.Close()
	resume := end.LSN
	if end.Lost != 0 {
		resume = end.Resume
	}
	if err := l.StartInsert(resume, end.Last, 1); err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	if end.Lost != 0 {
		if _, err := l.OverwriteContRecord(end.Lost, 0); err != nil {
			t.Fatalf("%s: %v", at, err)
		}
	}
	var b wal.Builder
	b.Begin(wal.RmgrExperimental, 0)
	b.AddMain([]byte("new"))
	b.Finish()
	_, newEnd, err := l.Insert(&b, 0)
	if err == nil {
		err = l.Flush(newEnd)
	}
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	if _, again, err := survivors(disk.PowerCut(0), newEnd); err != nil || again.LSN != newEnd {
		t.Fatalf("%s: after recovery and a second cut the log ends at %s (%v), want %s; first end %+v", at, again.LSN, again.Cause, newEnd, end)
	}
}

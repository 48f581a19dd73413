package segment_test

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func (l *life) crash() {
	l.die(l.primary)
	l.recover(l.chance(4))
}

// burst writes much that nobody waits for, up to a crash, which may take any of it.
func (l *life) burst() {
	most, pages := 256<<l.rng.IntN(9), l.chance(2)
	for range 10 + l.rng.IntN(30) {
		size := l.rng.IntN(most)
		if pages { // then no record behind one that is lost is overwritten with it
			size = l.toPageEnd()
		}
		l.insert(size)
	}
	l.runTasks()
	l.crash()
}

// die kills a member, or cuts its power, now or before any operation since its disk began to record.
func (l *life) die(m *member) {
	variant := l.rng.IntN(vfs.Variants + 8)
	at := fmt.Sprintf("flushed %s, written %s, inserted %s", m.log.FlushedLSN(), m.log.WrittenLSN(), m.log.InsertLSN())
	switch l.rng.IntN(3) {
	case 0:
		l.say("killed (%s)", at)
	case 1:
		l.say("power cut %d (%s)", variant, at)
		m.disk = m.disk.PowerCut(variant)
	case 2:
		ops := m.disk.Ops()
		op := l.rng.IntN(ops + 1)
		l.say("power cut %d before operation %d of the last %d (%s)", variant, op, ops, at)
		m.disk = m.disk.Crash(op, variant)
	}
	m.disk.Record()
}

// recover reads what is left of the primary's log and goes on behind it, on a timeline of its own or a new one.
// What it has read is durable once the log is open to receive, as a standby's is.
func (l *life) recover(newTimeline bool) {
	m := l.primary
	l.incarnation++
	end, n := l.survivors(m, l.acked)
	if l.again = nil; l.chance(2) { // as clients do; what is left behind the lost ones on the disk fits the new ones then
		for _, r := range l.inserted[n:] {
			l.again = append(l.again, r.size)
		}
	}
	l.inserted = l.inserted[:n]
	l.open(m)
	at := end.LSN
	if end.Lost != 0 {
		at = end.Resume
	}
	l.must(m.log.StartReceive(at, m.history.TLIAt(at)))
	l.acknowledge()
	if l.chance(4) {
		l.runTasks()
	}
	if l.chance(6) {
		l.crash()
		return
	}
	if newTimeline {
		l.fork(end.LSN, end.Last)
	} else {
		l.must(m.log.StartInsert(at, end.Last, m.history.Timeline()))
		if end.Lost != 0 {
			_, err := m.log.OverwriteContRecord(end.Lost, 0)
			l.must(err)
		}
	}
	m.log.SetRedoPointer(m.redo.at)
	l.insert(20)
	l.flush()
}

// survivors reads a member's disk from its redo point on. At least the first acked records must be there; n is
// how many are.
func (l *life) survivors(m *member, acked int) (end segment.End, n int) {
	must := wal.LSN(0)
	if acked > m.redo.records {
		must = l.inserted[acked-1].end
	}
	src := segment.NewSource(m.disk, "pg_wal", mib, m.history)
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib, SystemID: system, MustReach: must})
	n = m.redo.records
	end, err := segment.EndOfLog(r, m.redo.at, func(rec *wal.Record) error { return l.recognize(rec, &n) })
	if err != nil {
		l.fatalf("after a crash: %v", err)
	}
	if n < acked {
		l.fatalf("after a crash the log ends with record %d at %s (%v), %d were durable", n-1, end.LSN, end.Cause, acked)
	}
	l.say("found %d records, %d of them promised, up to %s; lost %s", n, acked, end.LSN, end.Lost)
	return end, n
}

// recognize checks that rec, if it is not the log's own, is record n of those inserted.
func (l *life) recognize(rec *wal.Record, n *int) error {
	if rec.Rmgr != wal.RmgrLogicalMessage {
		return nil
	}
	m, err := wal.DecodeLogicalMessage(rec.Main)
	if err != nil {
		return err
	}
	if *n >= len(l.inserted) {
		return fmt.Errorf("record %s at %s was not inserted, or was lost before", m.Prefix, rec.LSN)
	}
	want := l.inserted[*n]
	if name := l.name(*n, want.incarnation); m.Prefix != name || rec.LSN != want.start || rec.End != want.end {
		return fmt.Errorf("record %s is there from %s to %s, want %s from %s to %s", m.Prefix, rec.LSN, rec.End, name, want.start, want.end)
	}
	*n++
	return nil
}

// look reads what readers of the living log may see: all that is durable, and nothing else.
func (l *life) look() {
	m := l.primary
	flushed, written, inserted := m.log.FlushedLSN(), m.log.WrittenLSN(), m.log.InsertLSN()
	if flushed > written || written > inserted {
		l.fatalf("flushed %s, written %s, inserted %s", flushed, written, inserted)
	}
	src := m.log.NewSource(m.history)
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib, SystemID: system})
	n := m.redo.records
	for r.Seek(m.redo.at); ; {
		rec, err := r.Next()
		if err == wal.ErrNotYet {
			break
		}
		l.must(err)
		l.must(l.recognize(rec, &n))
	}
	if want := l.endingBy(flushed); n != want {
		l.fatalf("readers see %d records up to %s, want %d", n, flushed, want)
	}
}

// endingBy is how many records end at or before at.
func (l *life) endingBy(at wal.LSN) int {
	n := len(l.inserted)
	for n > 0 && l.inserted[n-1].end > at {
		n--
	}
	return n
}

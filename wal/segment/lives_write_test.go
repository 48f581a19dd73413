package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func (l *life) insert(size int) {
	if len(l.again) > 0 {
		size, l.again = l.again[0], l.again[1:]
	}
	l.build(size)
	start, end, err := l.primary.log.Insert(&l.b, 0)
	if l.full(err) {
		return
	}
	l.say("record %s of %d bytes from %s to %s", l.name(len(l.inserted), l.incarnation), size, start, end)
	l.inserted = append(l.inserted, lived{l.incarnation, size, start, end})
}

// fillDisk has no room for some of the next segments.
func (l *life) fillDisk() {
	l.say("the disk is full")
	l.primary.fault.Add(&vfs.Rule{Op: vfs.OpCreate, Path: "xlogtemp.new", Times: 1 + l.rng.IntN(5), Err: syscall.ENOSPC})
}

// full reports whether err says that there is no room, which is the only error there may be.
func (l *life) full(err error) bool {
	if !errors.Is(err, segment.ErrNoSpace) {
		l.must(err)
		return false
	}
	l.say("%v", err)
	return true
}

// untilThereIsRoom tries once more what may need a segment.
func (l *life) untilThereIsRoom(start func() error) {
	for l.full(start()) {
	}
}

func (l *life) build(size int) {
	payload := bytes.Repeat([]byte{byte('a' + l.incarnation%26)}, size)
	l.b.Begin(wal.RmgrLogicalMessage, wal.LogicalMessageOp)
	l.b.AddMain(wal.LogicalMessage{Prefix: l.name(len(l.inserted), l.incarnation), Payload: payload}.Append(nil))
	l.must(l.b.Finish())
}

// toPageEnd is the size of a record that ends with a page.
func (l *life) toPageEnd() int {
	const enough = 1000 // bytes, for a header of the usual size
	l.build(enough)
	start := l.primary.log.NextStart()
	room := int(-start & (wal.PageSize - 1))
	if room < 2*enough {
		room += wal.PageSize - int(wal.PageHeaderSizeAt(start+wal.LSN(room), mib))
	}
	return room - (l.b.Len() - enough)
}

func (l *life) name(n, incarnation int) string { return fmt.Sprintf("%d.%03d", n, incarnation) }

func (l *life) flush() {
	log := l.primary.log
	end := log.InsertLSN()
	l.must(log.Flush(end))
	l.acknowledge()
	l.say("flushed up to %s of %s", log.FlushedLSN(), log.InsertLSN())
}

// acknowledge says that everything inserted is durable: no power cut from now on takes it away.
func (l *life) acknowledge() {
	l.acked = len(l.inserted)
	l.primary.disk.Record()
}

// runTasks lets the background get to some of its work, in any order.
func (l *life) runTasks() {
	m := l.primary
	if l.standby != nil && l.chance(2) {
		m = l.standby
	}
	for len(m.tasks) > 0 && !l.chance(5) {
		i := l.rng.IntN(len(m.tasks))
		task := m.tasks[i]
		m.tasks = append(m.tasks[:i], m.tasks[i+1:]...)
		task()
	}
}

// checkpoint makes the next record the one that recovery begins at, and gives up what is older.
func (l *life) checkpoint() {
	m, n := l.primary, len(l.inserted)
	l.insert(50)
	l.insert(50)
	l.flush()
	if len(l.inserted) < n+2 {
		return
	}
	m.redo = mark{l.inserted[n].start, n}
	m.log.SetRedoPointer(m.redo.at)
	before := m.redo.at
	if l.standby != nil {
		before = min(before, l.wholeBefore(l.standby.log.FlushedLSN()))
	}
	gone, err := m.log.Recycle(before, nil)
	l.must(err)
	l.say("checkpoint at %s, %v are gone", m.redo.at, gone)
}

// wholeBefore is the end of the last record that ends at or before at.
func (l *life) wholeBefore(at wal.LSN) wal.LSN {
	for i := len(l.inserted) - 1; i >= 0; i-- {
		if end := l.inserted[i].end; end <= at {
			return end
		}
	}
	return 0
}

func (l *life) switchSegment() {
	end, err := l.primary.log.SwitchSegment()
	if l.full(err) {
		return
	}
	l.acknowledge()
	l.say("segment switch ends at %s, the log goes on at %s", end, l.primary.log.InsertLSN())
}

// fillSegment leaves so few bytes of the segment that a header may just fit, or just not.
func (l *life) fillSegment() {
	room := func() int { return int(-l.primary.log.InsertLSN() & (mib - 1)) }
	leave := l.rng.IntN(12) * 8
	for tries := 0; tries < 5 && room() > leave+200; tries++ {
		pages := room() / wal.PageSize
		l.insert(max(0, room()-leave-pages*wal.ShortPageHeaderSize-70-8*l.rng.IntN(4)))
	}
}

// changeRoles makes the primary a standby for a moment, as a switchover does that comes to nothing, or to a
// new timeline.
func (l *life) changeRoles() {
	l.flush()
	m := l.primary
	end, last := m.log.InsertLSN(), m.log.LastRecord()
	l.untilThereIsRoom(func() error { return m.log.StartReceive(end, m.history.Timeline()) })
	l.say("demoted at %s", end)
	if l.chance(3) {
		l.runTasks()
	}
	if l.chance(2) {
		l.fork(end, last)
		return
	}
	l.untilThereIsRoom(func() error { return m.log.StartInsert(end, last, m.history.Timeline()) })
	l.say("promoted again")
}

// fork begins a timeline at end. It is the log's own once it has begun: pg_control says so then.
func (l *life) fork(end, last wal.LSN) {
	m := l.primary
	l.timelines++
	old, _ := m.log.ReadHistory(m.history.Timeline()) // the first has none
	contents := wal.AppendHistory(old, m.history.Timeline(), end, "")
	l.must(m.log.WriteHistory(l.timelines, contents))
	l.untilThereIsRoom(func() error { return m.log.StartInsert(end, last, l.timelines) })
	var err error
	m.history, err = wal.ParseHistory(l.timelines, contents)
	l.must(err)
	m.disk.Record()
	l.say("timeline %d begins at %s", l.timelines, end)
}

package segment_test

import (
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// ship brings the standby some log, or makes one that begins with the primary's redo point.
func (l *life) ship() {
	if l.standby == nil {
		l.clone()
		return
	}
	s := l.standby
	s.disk.Record()
	for !l.chance(6) && l.receive(l.rng.IntN(100_000)+1) {
	}
	if l.chance(2) {
		l.flushStandby()
	}
	if l.chance(8) {
		l.restartpoint()
	}
	if l.chance(12) {
		l.restartStandby()
	}
	l.compare()
}

func (l *life) clone() {
	p := l.primary
	at := p.redo.at &^ (mib - 1)
	l.standby = &member{disk: vfs.NewMem(), options: l.options(), redo: p.redo}
	l.open(l.standby)
	l.say("a standby begins at %s", at)
	l.follow(at)
	for l.receive(mib) {
	}
	l.flushStandby()
}

// follow has the standby receive the primary's log from at on, on the timeline that it is part of.
func (l *life) follow(at wal.LSN) {
	p, s := l.primary, l.standby
	tli := p.history.TLIAt(at)
	s.history = nil
	for _, e := range p.history {
		if e.Timeline > 1 && e.Timeline <= tli {
			contents, err := p.log.ReadHistory(e.Timeline)
			l.must(err)
			l.must(s.log.WriteHistory(e.Timeline, contents))
		}
		if s.history = append(s.history, e); e.Timeline == tli {
			break
		}
	}
	s.history[len(s.history)-1].End = 0
	l.must(s.log.StartReceive(at, tli))
	s.disk.Record()
}

// receive hands the standby up to most bytes; false if there are none.
func (l *life) receive(most int) bool {
	p, s := l.primary, l.standby
	at := s.log.InsertLSN()
	if at > p.log.FlushedLSN() {
		l.fatalf("the standby has log up to %s, the primary's is durable up to %s", at, p.log.FlushedLSN())
	}
	tli := p.history.TLIAt(at)
	if tli != s.log.Timeline() {
		l.follow(at)
	}
	limit := p.log.FlushedLSN()
	for _, e := range p.history {
		if e.Timeline == tli && e.End != 0 {
			limit = min(limit, e.End)
		}
	}
	if at == limit {
		return false
	}
	buf := make([]byte, min(most, int(limit-at)))
	n, err := p.log.ReadAt(buf, at, tli)
	l.must(err)
	l.must(s.log.Receive(at, tli, buf[:n]))
	return true
}

func (l *life) flushStandby() {
	end, err := l.standby.log.FlushReceived()
	l.must(err)
	l.standby.disk.Record()
	l.say("the standby's log is durable up to %s", end)
}

// restartpoint takes over the primary's redo point, if the standby has come to it, and gives up what is older.
func (l *life) restartpoint() {
	s, redo := l.standby, l.primary.redo
	if l.endingBy(s.log.FlushedLSN()) <= redo.records || redo.at <= s.redo.at {
		return
	}
	s.redo = redo
	s.log.SetRedoPointer(redo.at)
	s.disk.Record()
	gone, err := s.log.Recycle(redo.at, nil)
	l.must(err)
	l.say("restartpoint at %s, %v are gone", redo.at, gone)
}

func (l *life) restartStandby() {
	s := l.standby
	flushed := s.log.FlushedLSN()
	l.say("the standby restarts")
	l.die(s)
	end, _ := l.survivors(s, l.endingBy(flushed))
	l.open(s)
	if at := end.LSN; at&(mib-1) == 0 {
		l.follow(min(at, flushed)) // of the zeros behind a segment switch nobody needs to know how many have come; compare does
	} else {
		l.follow(at)
	}
	s.log.SetRedoPointer(s.redo.at)
}

// failOver makes the standby the primary, on a timeline of its own. What it has not got is lost.
func (l *life) failOver() {
	if l.standby == nil {
		return
	}
	l.acked = l.endingBy(l.standby.log.FlushedLSN())
	l.primary, l.standby = l.standby, nil
	l.say("the standby takes over")
	if l.chance(2) {
		l.die(l.primary)
	}
	l.recover(true)
}

// compare expects the same bytes on both as far as they are durable on the standby.
func (l *life) compare() {
	p, s := l.primary.log, l.standby.log
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for at, end := max(p.Oldest(), s.Oldest()), s.FlushedLSN(); at < end; {
		n := min(int(end-at), len(a))
		tli := l.primary.history.TLIAt(at)
		for _, e := range l.primary.history {
			if e.Timeline == tli && e.End != 0 {
				n = min(n, int(e.End-at))
			}
		}
		n, err := p.ReadAt(a[:n], at, tli)
		l.must(err)
		n, err = s.ReadAt(b[:n], at, tli)
		l.must(err)
		if i := firstDifference(a[:n], b[:n]); i < n {
			l.fatalf("the standby's log differs from the primary's at %s", at+wal.LSN(i))
		}
		at += wal.LSN(n)
	}
}

// firstDifference is where a and b, of the same length, differ first; their length if they do not.
func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

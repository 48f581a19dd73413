package basebackup_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A timeline of which nothing is here yet binds nobody: its primary died, or the promotion to it was cut
// short, and another goes on from a place behind it on the first timeline.
func TestAStandbyLeavesATimelineThatItHasNothingOf(t *testing.T) {
	p := newPrimary(t)
	if err := p.slots.Create(replslot.Slot{Name: "standby", RestartLSN: mib}, 0); err != nil { // changing its role, it would give up log
		t.Fatal(err)
	}
	p.fill(0, 1000)
	dir := newDir(t)
	if _, err := fetch(t, p, vfs.OS(), dir, nil); err != nil {
		t.Fatal(err)
	}
	s := start(t, vfs.OS(), dir)
	r := s.follow(p, nil)
	s.await(p.Log().FlushedLSN())
	r.Stop()
	if err := s.Follow(2, wal.AppendHistory(nil, 1, s.Positions().Replay, "nothing came of it")); err != nil {
		t.Fatal(err)
	}

	p.fill(1000, 2000)
	if err := p.Demote(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.promote(3)
	p.fill(2000, 3000)
	s.follow(p, nil)
	s.await(p.Log().FlushedLSN())
	if got, want := s.count(), p.count(); got != want {
		t.Errorf("the standby has %v keys, want %v", got, want)
	}
	if h := s.History(); h.Timeline() != 3 || len(h) != 2 {
		t.Errorf("history %v", h)
	}
	if ok, err := vfs.Exists(vfs.OS(), dir+"/pg_wal/"+wal.HistoryName(1)); ok || err != nil {
		t.Errorf("a history of the first timeline: %v, %v", ok, err)
	}
}

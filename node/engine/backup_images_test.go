package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func withoutImages(o *engine.Options) { o.FullPageWrites = false }

// A backup has images written until it ends. A checkpoint meanwhile must not say that the log has them:
// what comes after the backup has none.
func TestACheckpointDuringABackupDoesNotPromiseImages(t *testing.T) {
	s, _ := newStore(t, vfs.NewMem(), withoutImages)
	defer s.Abort()
	b, err := s.BeginBackup(context.Background(), "a test", true)
	if err != nil {
		t.Fatal(err)
	}
	defer b.End(context.Background())
	if s.ControlFile().CheckPointCopy.FullPageWrites {
		t.Error("the checkpoint says that full_page_writes is on")
	}
}

// TestABackupOfAStandbyNoticesLogWithoutImages switches the primary's images off while a standby is being
// copied: a page that is torn in the copy would stay so.
func TestABackupOfAStandbyNoticesLogWithoutImages(t *testing.T) {
	m := vfs.NewMem()
	p, o := newStore(t, m, keepLog)
	p.put("a", "1")
	s, _ := standbyOf(t, p, kv.Module)
	defer s.Abort()
	follow(t, p.Engine, s.Engine)
	begin := func() *engine.Backup {
		t.Helper()
		b, err := s.BeginBackup(context.Background(), "a test", true)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := begin()
	closeEngine(t, p.Engine)
	withoutImages(&o)
	p = storeOf(t, primary(t, o), o)
	defer p.Abort()
	p.put("a", "2")
	follow(t, p.Engine, s.Engine)
	_, err := b.End(context.Background())
	if want := "WAL generated with full_page_writes=off was replayed during online backup"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}

	closeEngine(t, p.Engine)
	o.FullPageWrites = true
	p = storeOf(t, primary(t, o), o)
	follow(t, p.Engine, s.Engine)
	if _, err := begin().End(context.Background()); err != nil {
		t.Errorf("once there are images again: %v", err)
	}
}

// A standby that is promoted without images says so at once: its first checkpoint is a while away.
func TestAPromotionSaysThatImagesEnd(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	defer p.Abort()
	p.put("a", "1")
	other, _ := standbyOf(t, p, kv.Module)
	defer other.Abort()
	o := options(t, clone(t, p.Engine), kv.Module)
	withoutImages(&o)
	s := storeOf(t, open(t, o), o)
	defer s.Abort()
	follow(t, p.Engine, s.Engine)
	follow(t, p.Engine, other.Engine)
	b, err := other.BeginBackup(context.Background(), "a test", true)
	if err != nil {
		t.Fatal(err)
	}
	promote(t, s.Engine, 2)
	history, err := s.Log().ReadHistory(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Follow(2, history); err != nil {
		t.Fatal(err)
	}

	at := s.History()[1].Begin
	for range 3 { // END_OF_RECOVERY, the modules, what is to be seen
		at = recordAt(t, s, at).End
	}
	buf := make([]byte, at-other.Log().InsertLSN())
	if _, err := s.Log().ReadAt(buf, other.Log().InsertLSN(), 2); err != nil {
		t.Fatal(err)
	}
	if err := other.Log().Receive(other.Log().InsertLSN(), 2, buf); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Log().FlushReceived(); err != nil {
		t.Fatal(err)
	}
	caughtUp(t, other.Engine, at)
	if _, err = b.End(context.Background()); err == nil || !strings.Contains(err.Error(), "was replayed during online backup") {
		t.Errorf("the backup that was under way: %v", err)
	}
	if _, err = other.BeginBackup(context.Background(), "a test", true); err == nil || !strings.Contains(err.Error(), "was replayed since last restartpoint") {
		t.Errorf("the next backup: %v", err)
	}
}

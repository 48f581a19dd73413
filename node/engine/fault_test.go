package engine_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func TestAFailedFsyncStopsTheNodeAndLeavesAMark(t *testing.T) {
	files := map[string]string{"the log": "0000000*", "a data file": "12510?", "pg_control": "pg_control"}
	for what, pattern := range files {
		t.Run(what, func(t *testing.T) {
			m := vfs.NewMem()
			f := vfs.NewFault(m)
			s, o := newStore(t, f)
			s.put("a", "1")
			f.Add(&vfs.Rule{Op: vfs.OpSync, Path: pattern, Times: 1, Err: syscall.EIO})
			err := s.tryPut("b", "2")
			if err == nil {
				err = s.Checkpoint(context.Background())
			}
			if err == nil {
				t.Fatal("the failed fsync was not reported")
			}
			<-s.Failed()
			if s.Suspect() == "" {
				t.Error("not suspect")
			}
			if err := s.tryPut("c", "3"); err == nil {
				t.Error("a write after the failure was acknowledged")
			}
			if err := s.Close(context.Background()); err == nil {
				t.Error("Close reports no failure")
			}

			o.FS = m.PowerCut(0)
			e := open(t, o)
			defer e.Abort()
			if !strings.Contains(e.Suspect(), "input/output error") {
				t.Errorf("after a restart the mark says %q", e.Suspect())
			}
			if err := e.Promote(context.Background(), 1, ""); err == nil {
				t.Error("a suspect node was promoted")
			}
			if got := storeOf(t, e, o).get("a"); got != "1" {
				t.Errorf("what was acknowledged before is %v", got)
			}
			if err := e.ClearSuspect(context.Background()); err != nil {
				t.Error(err)
			}
			promote(t, e, 1)
		})
	}
}

// TestNothingIsAcknowledgedWhileTheMarkIsWritten writes at the worst moment: the mark already says how
// far the log is certain, and is not on the disk yet. Log from there on is cut off by the next start.
func TestNothingIsAcknowledgedWhileTheMarkIsWritten(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	s, o := newStore(t, f)
	s.put("a", "1")
	late := errors.New("the mark was not written")
	f.Add(&vfs.Rule{Op: vfs.OpSync, Path: "12510?", Times: 1, Err: syscall.EIO},
		&vfs.Rule{Op: vfs.OpCreate, Path: "suspect*", Before: func(string, string) { late = s.tryPut("late", "2") }})
	if err := s.Checkpoint(context.Background()); err == nil {
		t.Fatal("the failed fsync was not reported")
	}
	<-s.Failed()
	s.Abort()

	o.FS = m.PowerCut(0)
	e := open(t, o)
	defer e.Abort()
	if got := storeOf(t, e, o).get("late"); late == nil && got != "2" {
		t.Errorf("a write was acknowledged and is lost: late is %v", got)
	}
	if late == nil {
		t.Error("a write was acknowledged after the failure")
	}
}

func TestAnUnreadablePageIsAnIOErrorThatNamesTheFile(t *testing.T) {
	m := vfs.NewMem()
	s, o := newStore(t, m)
	s.put("a", "1")
	closeEngine(t, s.Engine)
	f := vfs.NewFault(m, &vfs.Rule{Op: vfs.OpRead, Path: "12510?", Err: syscall.EIO})
	o.FS = f
	s = storeOf(t, primary(t, o), o)
	defer s.Abort()
	_, _, read := call(s.Engine, o.Table, "kv_get", "a")
	for doing, err := range map[string]error{"reading": read, "writing": s.tryPut("a", "2")} {
		if err == nil || sqlState(err) != "58030" || !strings.Contains(err.Error(), "base/5/125100") {
			t.Errorf("%s gives %v (%s), want SQLSTATE 58030 with the file's name", doing, err, sqlState(err))
		}
	}
	f.Clear()
	if got := s.get("a"); got != "1" {
		t.Errorf("once it can be read a is %v", got)
	}
}

func TestAFullDiskRefusesWritesAndLosesNothing(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	s, o := newStore(t, f)
	n := 0
	for ; n < 50; n++ {
		s.put(key(n), value(n))
	}
	f.Add(&vfs.Rule{Op: vfs.OpWrite, Path: "xlogtemp*", Err: syscall.ENOSPC},
		&vfs.Rule{Op: vfs.OpWrite, Path: "xlog*", Err: syscall.ENOSPC},
		&vfs.Rule{Op: vfs.OpTrunc, Path: "xlog*", Err: syscall.ENOSPC})
	var err error
	for err == nil && n < 20000 {
		if err = s.tryPut(key(n), value(n)); err == nil {
			n++
		}
	}
	if got := sqlState(err); got != "53100" {
		t.Fatalf("after %d keys: %v, want SQLSTATE 53100", n, err)
	}
	if got := int(s.count()); got != n {
		t.Errorf("%d keys, %d were acknowledged", got, n)
	}
	if s.Err() != nil {
		t.Errorf("a full disk made the node fail: %v", s.Err())
	}
	f.Clear()
	s.put(key(n), value(n))
	o.FS = m.PowerCut(0)
	s.Abort()
	checkAfterCrash(t, o.FS.(*vfs.Mem), n+1, n+1, "after the disk was full")
}

func TestNoRoomForADataPageRefusesTheWrite(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	s, _ := newStore(t, f)
	s.put(key(0), value(0))
	f.Add(&vfs.Rule{Op: vfs.OpWrite, Path: "12510?", Err: syscall.ENOSPC})
	n, err := 1, error(nil)
	for err == nil && n < 1000 {
		if err = s.tryPut(key(n), value(n)); err == nil {
			n++
		}
	}
	if got := sqlState(err); got != "53100" {
		t.Fatalf("got %v, want SQLSTATE 53100", err)
	}
	if got := int(s.count()); got != n {
		t.Errorf("%d keys, %d were acknowledged", got, n)
	}
	f.Clear()
	s.put(key(n), value(n))
	closeEngine(t, s.Engine)
	checkAfterCrash(t, m.PowerCut(0), n+1, n+1, "after the disk was full")
}

func TestReplayWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newStore(t, vfs.NewMem(), keepLog)
		o := options(t, clone(t, p.Engine), kv.Module)
		full := vfs.NewFault(o.FS, &vfs.Rule{Op: vfs.OpWrite, Path: "12510?", Times: 3, Err: syscall.ENOSPC})
		o.FS = full
		s := storeOf(t, open(t, o), o)
		for i := range 50 {
			p.put(key(i), value(i))
		}
		ship(t, p.Engine, s.Engine, 5000)
		synctest.Wait()
		if pause := s.ReplayPause(); pause == nil || pause.Reason != "NoSpace" {
			t.Errorf("pause is %+v", pause)
		}
		if got, want := s.Positions().Flush, p.Positions().Flush; got != want {
			t.Errorf("received up to %s, want %s", got, want)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := s.count(); got != 50 || s.ReplayPause() != nil {
			t.Errorf("%d keys, pause %+v, once there was room", got, s.ReplayPause())
		}
		closeEngine(t, p.Engine)
		closeEngine(t, s.Engine)
	})
}

// TestTornPagesNeedImages is the negative control of the power cuts: without full-page images and
// with torn pages, the checksum must notice.
func TestTornPagesNeedImages(t *testing.T) {
	broken := 0
	for _, images := range []bool{true, false} {
		m := vfs.NewMem()
		s, _ := newStore(t, m, func(o *engine.Options) { o.FullPageWrites = images })
		for i := range 300 {
			s.put(key(i), value(i))
		}
		if err := s.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
		m.Record()
		for i := range 300 {
			s.put(key(i), value(i+1))
		}
		from := m.Ops()
		if err := s.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
		s.Abort()
		for op := from; op <= m.Ops(); op++ {
			after := m.Crash(op, 6) // every other sector
			o := options(t, after, kv.Module)
			e, err := engine.Open(context.Background(), o)
			if err != nil {
				t.Fatalf("images %v, operation %d: %v", images, op, err)
			}
			bad := e.ReplayPause() != nil
			for i := 0; i < 300 && !bad; i += 10 {
				v, _, err := call(e, o.Table, "kv_get", key(i))
				bad = err != nil || v != value(i+1)
			}
			e.Abort()
			if bad && images {
				t.Errorf("with images, power cut before operation %d: broken", op)
			}
			if bad {
				broken++
			}
		}
	}
	if broken == 0 {
		t.Error("no power cut tore a page: this test shows nothing")
	}
}

func TestConsistencyCheckingFindsADifferentReplay(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m, func(o *engine.Options) { o.ConsistencyChecking = []string{"KV"} })
	for i := range 300 {
		s.put(key(i), value(i))
	}
	s.Abort()
	o := options(t, m, kv.Module)
	e := open(t, o)
	if p := e.ReplayPause(); p != nil {
		t.Errorf("faithful replay is refused: %+v", p)
	}
	e.Abort()

	bad := kv.Module
	bad.Managers = append(bad.Managers[:0:0], bad.Managers...)
	bad.Managers[0].Manager = forgetful{bad.Managers[0].Manager}
	e = open(t, options(t, m, bad))
	defer e.Abort()
	p := e.ReplayPause()
	if p == nil || p.Reason != "RedoFailed" || !strings.Contains(p.Detail, "inconsistent page found, rel 1663/5/125100") || !strings.Contains(p.Detail, "WAL redo at") {
		t.Errorf("pause is %+v", p)
	}
}

func TestUnknownNamesInConsistencyCheckingAreRefused(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module)
	o := options(t, m, kv.Module)
	o.ConsistencyChecking = []string{"xlog"}
	if _, err := engine.Open(context.Background(), o); err == nil || !strings.Contains(err.Error(), "xlog") {
		t.Errorf("got %v", err)
	}
}

func TestALogThatFailsUnderAPromotionStopsTheNode(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	initDir(t, f, kv.Module)
	e := open(t, options(t, f, kv.Module))
	defer e.Abort()
	f.Add(&vfs.Rule{Op: vfs.OpSync, Path: "00000002*", Err: syscall.EIO})
	if err := e.Promote(context.Background(), 2, ""); !errors.Is(err, segment.ErrFailed) {
		t.Errorf("got %v, want ErrFailed", err)
	}
	<-e.Failed()
	if e.Suspect() == "" {
		t.Error("not suspect")
	}
}

// A promotion without full-page images is noticed although no checkpoint has said so yet: what the disk has
// lost of pages nothing makes anew.
func TestADiskIsNotClearedAfterLogWithoutImages(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	defer p.Abort()
	p.put("a", "1")
	m := clone(t, p.Engine)
	f := vfs.NewFault(m)
	o := options(t, f, kv.Module)
	withoutImages(&o)
	s := open(t, o)
	follow(t, p.Engine, s)
	for s.ControlFile().BackupStart != 0 { // replay may be noting that the backup's end is behind it
		runtime.Gosched()
	}
	f.Add(&vfs.Rule{Op: vfs.OpSync, Path: "pg_control", After: 2, Err: syscall.EIO}) // the checkpoint's
	promote(t, s, 2)
	<-s.Failed()
	s.Abort()

	o.FS = m.PowerCut(0)
	s = open(t, o)
	defer s.Abort()
	if !s.ControlFile().CheckPointCopy.FullPageWrites {
		t.Fatal("the last checkpoint says that there are no images: the test proves nothing")
	}
	if err := s.ClearSuspect(context.Background()); err == nil || !strings.Contains(err.Error(), "has no images of them") {
		t.Errorf("got %v", err)
	}
}

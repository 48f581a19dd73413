package engine_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// ship copies the log that from has durable and to has not, in pieces of n bytes, and makes it durable.
func ship(t testing.TB, from, to *engine.Engine, n int) {
	t.Helper()
	buf := make([]byte, n)
	tli := to.Log().Timeline()
	for at := to.Log().InsertLSN(); ; {
		k, err := from.Log().ReadAt(buf, at, tli)
		if k > 0 {
			if err := to.Log().Receive(at, tli, buf[:k]); err != nil {
				t.Fatal(err)
			}
			at += wal.LSN(k)
			continue
		}
		if !errors.Is(err, wal.ErrNotYet) {
			t.Fatal(err)
		}
		break
	}
	if _, err := to.Log().FlushReceived(); err != nil {
		t.Fatal(err)
	}
}

// caughtUp waits until a standby has replayed up to lsn or has paused.
func caughtUp(t testing.TB, e *engine.Engine, lsn wal.LSN) {
	t.Helper()
	for {
		changed := e.ReplayChanged()
		if e.Positions().Replay >= lsn || e.ReplayPause() != nil {
			return
		}
		if err := e.Err(); err != nil {
			t.Fatal(err)
		}
		<-changed
	}
}

func follow(t testing.TB, from, to *engine.Engine) {
	t.Helper()
	ship(t, from, to, 5000)
	caughtUp(t, to, to.Log().FlushedLSN())
}

// keepLog stands for the slots of standbys.
func keepLog(o *engine.Options) { o.WALKeepSize = 1 << 30 }

// clone takes a base backup of an engine into a new file system.
func clone(t testing.TB, from *engine.Engine) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	backup(t, from, m)
	return m
}

func backup(t testing.TB, from *engine.Engine, m *vfs.Mem) engine.BackupResult {
	t.Helper()
	ctx := context.Background()
	b, err := from.BeginBackup(ctx, "a test", true)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := vfs.WriteFile(m, dir+"/backup_label", b.Label, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := from.DataFiles(ctx, intoMem(m)); err != nil {
		t.Fatal(err)
	}
	r, err := b.End(ctx)
	if err != nil {
		t.Fatal(err)
	}
	syncNames(t, m, dir)
	return r
}

// intoMem copies what DataFiles hands out.
func intoMem(m *vfs.Mem) func(string, int64, func() (io.ReadCloser, error)) error {
	return func(name string, _ int64, open func() (io.ReadCloser, error)) error {
		if open == nil {
			return m.MkdirAll(dir+"/"+strings.TrimSuffix(name, "/"), 0o700)
		}
		return copyFile(m, dir+"/"+name, open)
	}
}

// syncNames makes every name below a directory durable.
func syncNames(t testing.TB, m *vfs.Mem, root string) {
	t.Helper()
	if err := errors.Join(m.SyncDir(path.Dir(root)), m.SyncDir(root)); err != nil {
		t.Fatal(err)
	}
	entries, err := m.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			syncNames(t, m, path.Join(root, e.Name()))
		}
	}
}

func copyFile(m *vfs.Mem, name string, open func() (io.ReadCloser, error)) error {
	in, err := open()
	if err != nil {
		return err
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	out, err := m.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := out.WriteAt(b, 0); err != nil {
		return err
	}
	return out.Sync()
}

// standbyOf clones a primary and opens the clone.
func standbyOf(t testing.TB, p store, mods ...rmgr.Module) (store, engine.Options) {
	t.Helper()
	o := options(t, clone(t, p.Engine), mods...)
	s := storeOf(t, open(t, o), o)
	return s, o
}

func TestAStandbyFollowsAndIsPromoted(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	for i := range 300 {
		p.put(key(i), value(i))
	}
	s, so := standbyOf(t, p, kv.Module)
	if s.Positions().Consistent {
		t.Error("consistent before any log has come")
	}
	if _, _, err := call(s.Engine, s.tab, "kv_count"); sqlState(err) != "57P03" {
		t.Errorf("reading before consistency gives %v, want SQLSTATE 57P03", err)
	}
	for i := range 300 {
		p.put(key(300+i), value(300+i))
		if i%50 == 0 {
			follow(t, p.Engine, s.Engine)
			if got := int(s.count()); got != 301+i {
				t.Errorf("standby has %d keys, want %d", got, 301+i)
			}
		}
	}
	follow(t, p.Engine, s.Engine)
	if err := s.tryPut("x", "y"); sqlState(err) != "25006" {
		t.Errorf("writing on a standby gives %v, want SQLSTATE 25006", err)
	}

	p.Abort()
	promote(t, s.Engine, 2)
	s.put("after", "promotion")
	if got := s.History().Timeline(); got != 2 {
		t.Errorf("timeline %d, want 2", got)
	}
	file, err := s.Log().ReadHistory(2)
	if err != nil || !strings.Contains(string(file), "a test") {
		t.Errorf("history file %q, %v", file, err)
	}

	// Crash before the first checkpoint on the new timeline.
	m := so.FS.(*vfs.Mem).PowerCut(0)
	s.Abort()
	so.FS = m
	s = storeOf(t, open(t, so), so)
	if got := s.get("after"); got != "promotion" {
		t.Errorf("after a crash on timeline 2: %v", got)
	}
	if got := s.Positions().Timeline; got != 2 {
		t.Errorf("timeline %d after the crash, want 2", got)
	}
	promote(t, s.Engine, 2)
	s.put("and", "again")
	closeEngine(t, s.Engine)
}

func TestAStandbyFollowsAcrossTimelines(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	p.put("a", "1")
	b, _ := standbyOf(t, p, kv.Module)
	c, co := standbyOf(t, p, kv.Module)
	for i := range 100 {
		p.put(key(i), value(i))
	}
	follow(t, p.Engine, b.Engine)
	ship(t, p.Engine, c.Engine, 777)
	caughtUp(t, c.Engine, c.Log().FlushedLSN())
	p.Abort()

	promote(t, b.Engine, 2)
	b.put("two", "2")
	history, err := b.Log().ReadHistory(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Follow(2, history); err != nil {
		t.Fatal(err)
	}
	follow(t, b.Engine, c.Engine)
	if got := c.get("two"); got != "2" {
		t.Errorf("on the follower: %v", got)
	}
	if err := b.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.put("three", "3")
	follow(t, b.Engine, c.Engine)
	if err := c.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}

	// Restart the follower after a power cut: it finds itself on timeline 2.
	m := co.FS.(*vfs.Mem).PowerCut(0)
	c.Abort()
	co.FS = m
	c = storeOf(t, open(t, co), co)
	if got := c.get("three"); got != "3" {
		t.Errorf("on the follower after a power cut: %v", got)
	}
	b.put("four", "4")
	follow(t, b.Engine, c.Engine)
	b.Abort()
	promote(t, c.Engine, 3)
	c.put("five", "5")
	for k, v := range map[string]string{"a": "1", "two": "2", "three": "3", "four": "4", "five": "5"} {
		if got := c.get(k); got != v {
			t.Errorf("%s is %v, want %s", k, got, v)
		}
	}
	closeEngine(t, c.Engine)
}

func TestADivergedLogIsNotFollowed(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	p.put("a", "1")
	s, _ := standbyOf(t, p, kv.Module)
	defer s.Abort()
	follow(t, p.Engine, s.Engine)
	p.put("only", "here")
	promote(t, s.Engine, 2)
	history, err := s.Log().ReadHistory(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Demote(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer p.Abort()
	if err := p.Follow(2, history); !errors.Is(err, engine.ErrDiverged) {
		t.Errorf("got %v, want ErrDiverged", err)
	}
}

func TestSwitchoverAndBack(t *testing.T) {
	a, _ := newStore(t, vfs.NewMem(), keepLog)
	b, _ := standbyOf(t, a, kv.Module)
	tli := wal.TimelineID(1)
	for round := range 6 {
		for i := range 40 {
			a.put(key(round*40+i), value(round*40+i))
		}
		ship(t, a.Engine, b.Engine, 3000)
		if err := a.Demote(context.Background()); err != nil {
			t.Fatal(err)
		}
		follow(t, a.Engine, b.Engine)
		tli++
		promote(t, b.Engine, tli)
		history, err := b.Log().ReadHistory(tli)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Follow(tli, history); err != nil {
			t.Fatal(err)
		}
		follow(t, b.Engine, a.Engine)
		a, b = b, a
	}
	if x, y := a.count(), b.count(); x != 240 || y != 240 {
		t.Errorf("%d and %d keys, want 240 on both", x, y)
	}
	closeEngine(t, a.Engine)
	closeEngine(t, b.Engine)
}

func TestAStandbyWithoutTheModulePausesAndGoesOnWithIt(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m) // no modules
	o := options(t, m)
	p := open(t, o)
	promote(t, p, 1)
	sm := clone(t, p)
	so := options(t, sm)
	s := open(t, so)
	ship(t, p, s, 8192)

	// The primary restarts with kv; the standby follows without it.
	closeEngine(t, p)
	o = options(t, m, kv.Module)
	ps := storeOf(t, primary(t, o), o)
	ps.put("a", "1")
	ship(t, ps.Engine, s, 8192)
	caughtUp(t, s, s.Log().FlushedLSN())
	pause := s.ReplayPause()
	if pause == nil || pause.Reason != "ModuleMissing" || !strings.Contains(pause.Detail, "251") {
		t.Fatalf("pause is %+v", pause)
	}
	if s.Positions().Replay > pause.LSN {
		t.Errorf("replayed to %s, paused before %s", s.Positions().Replay, pause.LSN)
	}
	if err := s.Promote(context.Background(), 2, ""); err == nil {
		t.Error("promoted while replay is paused")
	}
	for i := range 20 {
		ps.put(key(i), value(i))
	}
	ship(t, ps.Engine, s, 8192)
	if got, want := s.Positions().Flush, ps.Positions().Flush; got != want {
		t.Errorf("received up to %s, want %s", got, want)
	}
	waitForCensus(t, s, 251)
	s.Abort()

	if _, err := engine.Open(context.Background(), so); err == nil {
		t.Error("opened without the module that the log needs")
	}
	so = options(t, sm, kv.Module)
	st := storeOf(t, open(t, so), so)
	if got := st.count(); got != 21 {
		t.Errorf("%d keys after a restart with the module, want 21", got)
	}
	st.Abort()
	ps.Abort()
}

// waitForCensus waits until the census of pg_wal has records of a manager.
func waitForCensus(t testing.TB, e *engine.Engine, id uint8) {
	t.Helper()
	for {
		changed := e.ReplayChanged()
		c, err := e.Census(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range c.Holders[0].Records {
			if r.Rmgr == id {
				return
			}
		}
		<-changed
	}
}

func TestAStandbyPausesBeforeAFormatItDoesNotReplay(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module12)
	o := options(t, m, kv.Module12)
	p := storeOf(t, primary(t, o), o)
	p.put("old", "1")
	s, so := standbyOf(t, p, kv.Module12)
	follow(t, p.Engine, s.Engine)
	closeEngine(t, p.Engine)

	o = options(t, m, kv.Module)
	p = storeOf(t, primary(t, o), o)
	p.put("still", "old")
	if got := p.Modules().Format(kv.ID); got != 1 {
		t.Errorf("a newer module writes format %d by itself, want 1", got)
	}
	follow(t, p.Engine, s.Engine)
	if got := s.get("still"); got != "old" || s.ReplayPause() != nil {
		t.Errorf("before the format is raised: %v, %v", got, s.ReplayPause())
	}
	if err := p.SetFormat(context.Background(), kv.ID, 2); err != nil {
		t.Fatal(err)
	}
	follow(t, p.Engine, s.Engine)
	if s.ReplayPause() != nil {
		t.Error("paused at the MODULES record although no record of the new format has come")
	}
	p.put("new", "2")
	ship(t, p.Engine, s.Engine, 100)
	caughtUp(t, s.Engine, s.Log().FlushedLSN())
	if pause := s.ReplayPause(); pause == nil || pause.Reason != "FormatUnknown" {
		t.Fatalf("pause is %+v", pause)
	}
	s.Abort()
	so = options(t, so.FS, kv.Module)
	s = storeOf(t, open(t, so), so)
	if got := s.get("new"); got != "2" {
		t.Errorf("after the module came: %v", got)
	}
	s.Abort()
	p.Abort()
}

func TestARetiringModuleTakesNoRecords(t *testing.T) {
	m := vfs.NewMem()
	p, o := newStore(t, m)
	p.put("a", "1")
	if err := p.SetRetiring(context.Background(), "kv", true); err != nil {
		t.Fatal(err)
	}
	if got := sqlState(p.tryPut("b", "2")); got != "55000" {
		t.Errorf("SQLSTATE %q, want 55000", got)
	}
	if got := p.get("a"); got != "1" {
		t.Errorf("a is %v", got)
	}
	closeEngine(t, p.Engine)
	p = storeOf(t, primary(t, o), o)
	if got := sqlState(p.tryPut("b", "2")); got != "55000" {
		t.Errorf("after a restart: SQLSTATE %q, want 55000", got)
	}

	// Its records leave the log with checkpoints and segment switches.
	for range 3 {
		if _, err := p.SwitchWAL(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := p.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	c, err := p.Census(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if h := c.Holders[0]; h.Unknown || len(h.Records) != 0 {
		t.Errorf("the log still holds %+v", h)
	}
	closeEngine(t, p.Engine)
	e := open(t, options(t, m)) // and so it starts without the module
	closeEngine(t, e)
}

package basebackup_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/basebackup"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func fetch(t *testing.T, from *machine, fsys vfs.FS, dir string, change func(*basebackup.FetchOptions)) (basebackup.Result, error) {
	t.Helper()
	o := basebackup.FetchOptions{Upstream: from.upstream(), SystemID: system, FS: fsys, Dir: dir}
	if change != nil {
		change(&o)
	}
	return basebackup.Fetch(t.Context(), o)
}

func newDir(t *testing.T) string { return filepath.ToSlash(filepath.Join(t.TempDir(), "copy")) }

// follow makes a machine receive from another.
func (m *machine) follow(up *machine, change func(*replication.ReceiverOptions)) *replication.Receiver {
	o := replication.ReceiverOptions{
		Upstream: up.upstream(), SystemID: system, Log: replication.ReceivedBy(m.Engine), Now: time.Now,
		Logger: slog.New(slog.NewTextHandler(m.t.Output(), nil)),
	}
	if change != nil {
		change(&o)
	}
	if _, ok := m.slots.Get("all"); !ok { // those that follow m may be far behind
		if err := m.slots.Create(replslot.Slot{Name: "all", RestartLSN: mib}, 0); err != nil {
			m.t.Fatal(err)
		}
	}
	r := replication.StartReceiver(o)
	m.t.Cleanup(r.Stop)
	return r
}

func TestFetchMakesAStandby(t *testing.T) {
	p := newPrimary(t)
	p.fill(0, 2000)
	dir := newDir(t)
	var told int64
	r, err := fetch(t, p, vfs.OS(), dir, func(o *basebackup.FetchOptions) {
		o.Slot, o.Standby = "s", true
		o.Progress = func(done, total int64) { told = max(told, done) }
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.SystemID != system || r.Timeline != 1 || r.Stop <= r.Start || told == 0 {
		t.Errorf("result %+v, progress %d", r, told)
	}
	run(t, "pg_verifybackup", dir)
	for _, name := range []string{"standby.signal", "backup_label", "backup_manifest"} {
		if ok, err := vfs.Exists(vfs.OS(), path.Join(dir, name)); !ok {
			t.Errorf("%s is missing: %v", name, err)
		}
	}
	if slots := p.slots.List(); len(slots) != 1 || slots[0].Name != "s" || slots[0].RestartLSN > r.Start {
		t.Errorf("slots: %+v, the copy begins at %s", slots, r.Start)
	}

	s := start(t, vfs.OS(), dir)
	s.follow(p, func(o *replication.ReceiverOptions) { o.Slot = "s" })
	p.fill(2000, 4000)
	s.await(p.Log().FlushedLSN())
	if got, want := s.count(), p.count(); got != want {
		t.Errorf("the standby has %v keys, want %v", got, want)
	}

	// A copy of the standby is as good.
	dir = newDir(t)
	if _, err := fetch(t, s, vfs.OS(), dir, nil); err != nil {
		t.Fatal(err)
	}
	run(t, "pg_verifybackup", "-n", dir)
	c := start(t, vfs.OS(), dir)
	c.follow(s, nil)
	p.fill(4000, 5000)
	c.await(p.Log().FlushedLSN())
	if got, want := c.count(), p.count(); got != want {
		t.Errorf("the cascading standby has %v keys, want %v", got, want)
	}
}

func TestFetchRefuses(t *testing.T) {
	p := newPrimary(t)
	p.fill(0, 20000)
	taken := t.TempDir()
	if err := vfs.WriteFile(vfs.OS(), path.Join(taken, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(t, p, vfs.OS(), taken, nil); err == nil {
		t.Error("a directory that is not empty was taken")
	}
	dir := newDir(t)
	if _, err := fetch(t, p, vfs.OS(), dir, func(o *basebackup.FetchOptions) { o.SystemID = 1 }); !errors.Is(err, replication.ErrWrongSystem) {
		t.Errorf("another cluster: %v", err)
	}
	if _, err := fetch(t, p, vfs.OS(), dir, func(o *basebackup.FetchOptions) { o.Promise = 2 }); !errors.Is(err, replication.ErrFenced) {
		t.Errorf("a fenced upstream: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	told := errors.New("told to stop")
	_, err := basebackup.Fetch(ctx, basebackup.FetchOptions{
		Upstream: p.upstream(), FS: vfs.OS(), Dir: dir, Progress: func(int64, int64) { cancel(told) },
	})
	if !errors.Is(err, told) {
		t.Errorf("a cancelled copy: %v", err)
	}
	if _, err := vfs.OS().Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a failed copy left its directory: %v", err)
	}
	if _, err := fetch(t, p, vfs.OS(), dir, nil); err != nil {
		t.Errorf("a copy after a failed one: %v", err)
	}
}

// The whole life: a standby is promoted, another follows it, pg_receivewal too, the old primary's
// log has diverged.
func TestFailover(t *testing.T) {
	p := newPrimary(t)
	p.fill(0, 1000)
	var standbys []*machine
	for range 2 {
		dir := newDir(t)
		if _, err := fetch(t, p, vfs.OS(), dir, nil); err != nil {
			t.Fatal(err)
		}
		standbys = append(standbys, start(t, vfs.OS(), dir))
	}
	a, b := standbys[0], standbys[1]
	ra, rb := a.follow(p, nil), b.follow(a, nil)
	p.fill(1000, 3000)
	b.await(p.Log().FlushedLSN())

	ra.Stop()
	p.fill(5000, 5100) // nobody gets it
	a.promote(2)
	a.fill(3000, 5000)
	b.await(a.Log().FlushedLSN())
	if got, want := b.count(), a.count(); got != want || want != int64(5000) {
		t.Errorf("the standby has %v keys, the new primary %v", got, want)
	}
	if st := rb.Status(); !st.Streaming || st.UpstreamTimeline != 2 {
		t.Errorf("status: %+v", st)
	}

	if err := p.Demote(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := p.follow(a, nil)
	<-r.Done()
	var diverged *replication.DivergedError
	if err := r.Status().Err; !errors.As(err, &diverged) {
		t.Fatalf("the old primary: %v", err)
	}
	if want := a.History()[0].End; diverged.Fork != want {
		t.Errorf("fork at %s, want %s", diverged.Fork, want)
	}
}

// A standby that is behind the fork, in its segment and in an older one, catches up through it.
func TestAStandbyThatIsBehindTheForkFollows(t *testing.T) {
	for name, keys := range map[string]int{"in its segment": 100, "by several segments": 6000} {
		t.Run(name, func(t *testing.T) {
			p := newPrimary(t)
			p.fill(0, 10)
			copies := func() *machine {
				dir := newDir(t)
				if _, err := fetch(t, p, vfs.OS(), dir, nil); err != nil {
					t.Fatal(err)
				}
				return start(t, vfs.OS(), dir)
			}
			a, b := copies(), copies()
			a.follow(p, func(o *replication.ReceiverOptions) { o.Slot = "a" })
			p.fill(0, keys)
			a.await(p.Log().FlushedLSN())
			a.promote(2)
			a.fill(keys, keys+100)

			b.follow(a, nil)
			b.await(a.Log().FlushedLSN())
			if got, want := b.count(), a.count(); got != want {
				t.Errorf("the standby has %v keys, want %v", got, want)
			}
			b.promote(3) // its own files must hold all of it
			dir := b.dir
			b.done()
			again := start(t, vfs.OS(), dir)
			again.promote(3)
			if got, want := again.count(), a.count(); got != want {
				t.Errorf("after a restart it has %v keys, want %v", got, want)
			}
		})
	}
}

package engine_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// addLog puts the log from start to stop into a backup, as pg_basebackup -X does.
func addLog(t testing.TB, from *engine.Engine, m *vfs.Mem, start, stop wal.LSN) {
	t.Helper()
	const size = 1 << 20
	for at := start &^ (size - 1); at < stop; at += size {
		buf := make([]byte, size)
		if n, err := from.Log().ReadAt(buf, at, from.Log().Timeline()); n == 0 {
			t.Fatal(err)
		}
		name := dir + "/pg_wal/" + wal.SegmentName(from.Log().Timeline(), at, size)
		if err := vfs.WriteFile(m, name, buf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABackupTakenWhileWritingIsWhole(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	defer p.Abort()
	for i := range 500 {
		p.put(key(i), value(i))
	}
	ctx := context.Background()
	b, err := p.BeginBackup(ctx, "while writing", true)
	if err != nil {
		t.Fatal(err)
	}
	m := vfs.NewMem()
	for i := range 500 {
		p.put(key(500+i), value(500+i))
		if i == 250 { // files as they are half-way, with the checkpoint's pages and newer ones
			if err := p.Checkpoint(ctx); err != nil {
				t.Fatal(err)
			}
			copyDataFiles(t, p.Engine, m)
		}
	}
	if err := vfs.WriteFile(m, dir+"/backup_label", b.Label, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := b.End(ctx)
	if err != nil {
		t.Fatal(err)
	}
	addLog(t, p.Engine, m, r.Start, r.Stop)
	syncNames(t, m, dir)

	o := options(t, m, kv.Module)
	s := storeOf(t, open(t, o), o)
	if !s.Positions().Consistent {
		t.Error("not consistent with all of the backup's log")
	}
	if got := s.count(); got != 1000 {
		t.Errorf("%d keys, want 1000", got)
	}
	if ok, _ := vfs.Exists(m, dir+"/backup_label"); ok {
		t.Error("backup_label is still there")
	}
	promote(t, s.Engine, 2)
	s.put("x", "y")
	s.Abort()
}

func copyDataFiles(t testing.TB, from *engine.Engine, m *vfs.Mem) {
	t.Helper()
	if err := m.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := from.DataFiles(context.Background(), intoMem(m)); err != nil {
		t.Fatal(err)
	}
}

func TestABackupWithoutItsEndIsNeverOpenedForWrites(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	defer p.Abort()
	p.put("a", "1")
	m := vfs.NewMem()
	r := backup(t, p.Engine, m)
	addLog(t, p.Engine, m, r.Start, r.Stop)
	cutLog(t, m, r.Stop-40) // the BACKUP_END record
	syncNames(t, m, dir)
	for range 2 { // also after a restart, when backup_label is gone
		o := options(t, m, kv.Module)
		e := open(t, o)
		if err := e.Promote(context.Background(), 2, ""); err == nil || !strings.Contains(err.Error(), "WAL ends before") {
			t.Errorf("promote: %v", err)
		}
		if _, _, err := call(e, o.Table, "kv_count"); sqlState(err) != "57P03" {
			t.Errorf("read: %v, want SQLSTATE 57P03", err)
		}
		closeEngine(t, e)
	}
}

// cutLog wipes the log from lsn on.
func cutLog(t testing.TB, m *vfs.Mem, lsn wal.LSN) {
	t.Helper()
	f, err := m.OpenFile(dir+"/pg_wal/"+wal.SegmentName(1, lsn, 1<<20), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	off := int64(lsn % (1 << 20))
	if _, err := f.WriteAt(make([]byte, 1<<20-off), off); err != nil {
		t.Fatal(err)
	}
}

func TestABackupFromAStandby(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	defer p.Abort()
	s, _ := standbyOf(t, p, kv.Module)
	defer s.Abort()
	for i := range 200 {
		p.put(key(i), value(i))
	}
	if err := p.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.put("newer", "1")
	follow(t, p.Engine, s.Engine)
	m := vfs.NewMem()
	r := backup(t, s.Engine, m)
	if r.Stop < r.Start || r.Stop > s.Positions().Replay {
		t.Errorf("backup from %s to %s, the standby is at %s", r.Start, r.Stop, s.Positions().Replay)
	}
	o := options(t, m, kv.Module)
	c := storeOf(t, open(t, o), o)
	defer c.Abort()
	follow(t, s.Engine, c.Engine) // cascading
	if !c.Positions().Consistent {
		t.Error("not consistent")
	}
	if got := c.count(); got != 201 {
		t.Errorf("%d keys, want 201", got)
	}
}

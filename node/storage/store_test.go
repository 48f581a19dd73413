package storage_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/node/storage"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

var rel = wal.RelFileLocator{Spc: 1663, DB: 5, Rel: 125100}

func somePage(b byte) []byte {
	p := make([]byte, page.Size)
	page.Init(p, 0)
	page.SetLower(p, 100)
	for i := page.HeaderSize; i < 100; i++ {
		p[i] = b
	}
	return p
}

func TestWhatWasSyncedIsThereAfterAPowerCut(t *testing.T) {
	m := vfs.NewMem()
	s := storage.Open(m, "/data")
	if err := m.MkdirAll("/data/base", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.SyncDir("/"), m.SyncDir("/data")); err != nil {
		t.Fatal(err)
	}
	if err := s.Extend(rel, wal.ForkMain, 3); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(rel, wal.ForkMain, 2, somePage('x')); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(m.PowerCut(0), "/data")
	if n, err := s.Blocks(rel, wal.ForkMain); n != 3 || err != nil {
		t.Errorf("%d blocks, %v; want 3", n, err)
	}
	buf := make([]byte, page.Size)
	if err := s.Read(rel, wal.ForkMain, 2, buf); err != nil || buf[50] != 'x' {
		t.Errorf("read: %v, byte %q", err, buf[50])
	}
	if err := s.Read(rel, wal.ForkMain, 1, buf); err != nil || !page.IsNew(buf) {
		t.Errorf("a page that was only added: %v", err)
	}
}

func TestADamagedOrMisplacedPageIsNoticed(t *testing.T) {
	m := vfs.NewMem()
	s := storage.Open(m, "/data")
	if err := s.Extend(rel, wal.ForkMain, 2); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(rel, wal.ForkMain, 0, somePage('x')); err != nil {
		t.Fatal(err)
	}
	f, err := m.OpenFile("/data/base/5/125100", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, page.Size)
	if _, err := f.ReadAt(buf, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(buf, page.Size); err != nil { // right bytes, wrong place
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{1}, 60); err != nil {
		t.Fatal(err)
	}
	for block := range uint32(2) {
		if err := s.Read(rel, wal.ForkMain, block, buf); !errors.Is(err, page.ErrInvalid) {
			t.Errorf("block %d: %v, want ErrInvalid", block, err)
		}
	}
}

func TestForksAndTablespacesHavePostgreSQLsNames(t *testing.T) {
	m := vfs.NewMem()
	s := storage.Open(m, "/data")
	for name, write := range map[string]struct {
		rel  wal.RelFileLocator
		fork wal.ForkNumber
	}{
		"/data/base/5/125100":      {rel, wal.ForkMain},
		"/data/base/5/125100_fsm":  {rel, wal.ForkFSM},
		"/data/base/5/125100_vm":   {rel, wal.ForkVM},
		"/data/base/5/125100_init": {rel, wal.ForkInit},
		"/data/global/1262":        {wal.RelFileLocator{Spc: 1664, Rel: 1262}, wal.ForkMain},
	} {
		if err := s.Extend(write.rel, write.fork, 1); err != nil {
			t.Fatal(err)
		}
		if ok, _ := vfs.Exists(m, name); !ok {
			t.Errorf("no file %s", name)
		}
	}
	if err := s.Extend(wal.RelFileLocator{Spc: 99, DB: 5, Rel: 1}, wal.ForkMain, 1); err == nil {
		t.Error("a tablespace that does not exist was accepted")
	}
}

func TestAFailedSyncIsForEver(t *testing.T) {
	f := vfs.NewFault(vfs.NewMem(), &vfs.Rule{Op: vfs.OpSync, Times: 1, Err: syscall.EIO})
	s := storage.Open(f, "/data")
	if err := s.Extend(rel, wal.ForkMain, 1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Sync(); !errors.Is(err, syscall.EIO) {
			t.Errorf("got %v, want EIO", err)
		}
	}
}

func TestRelationsGoOnInAnotherFileAfterAGiB(t *testing.T) {
	m, dir := vfs.OS(), t.TempDir() // a real file has holes
	s := storage.Open(m, dir)
	if err := s.Extend(rel, wal.ForkMain, 1); err != nil {
		t.Fatal(err)
	}
	f, err := m.OpenFile(dir+"/base/5/125100", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(m, dir)
	if err := s.Extend(rel, wal.ForkMain, 131073); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(rel, wal.ForkMain, 131072, somePage('y')); err != nil {
		t.Fatal(err)
	}
	info, err := m.Stat(dir + "/base/5/125100.1")
	if err != nil || info.Size() < page.Size || info.Size() > 64*page.Size {
		t.Errorf("second file: %v, %v", info, err)
	}
	if n, err := s.Blocks(rel, wal.ForkMain); n != 131073 || err != nil {
		t.Errorf("%d blocks, %v; want 131073", n, err)
	}
	s = storage.Open(m, dir)
	if n, err := s.Blocks(rel, wal.ForkMain); n != 131072+uint32(info.Size()/page.Size) || err != nil {
		t.Errorf("%d blocks, %v; want what is in the files", n, err)
	}
	buf := make([]byte, page.Size)
	if err := s.Read(rel, wal.ForkMain, 131072, buf); err != nil || buf[50] != 'y' {
		t.Errorf("read: %v", err)
	}
}

// A relation that grows page by page is not written page by page, nobody sees a page before it is asked
// for, and what was written to one is not lost when the next ones are added.
func TestALargeRelationGrowsInSteps(t *testing.T) {
	m := vfs.NewMem()
	s := storage.Open(m, "/data")
	const pages = 1000
	m.Record()
	for i := range uint32(pages) {
		if err := s.Extend(rel, wal.ForkMain, i+1); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Blocks(rel, wal.ForkMain); n != i+1 || err != nil {
			t.Fatalf("%d blocks, %v; want %d", n, err, i+1)
		}
		if err := s.Write(rel, wal.ForkMain, i, somePage(byte(i))); err != nil {
			t.Fatal(err)
		}
	}
	if writes := m.Ops() - pages; writes > pages/10 {
		t.Errorf("%d writes have added %d pages", writes, pages)
	}
	buf := make([]byte, page.Size)
	for i := range uint32(pages) {
		if err := s.Read(rel, wal.ForkMain, i, buf); err != nil || buf[50] != byte(i) {
			t.Fatalf("block %d: %v, byte %d", i, err, buf[50])
		}
	}
}

// TestASyncDuringAWriteLeavesItToTheNextOne lets a checkpoint sync the file between the moment in which
// an eviction is about to write a page and the write: only the next Sync can make that durable.
func TestASyncDuringAWriteLeavesItToTheNextOne(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	if err := m.MkdirAll("/data/base", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.SyncDir("/"), m.SyncDir("/data")); err != nil {
		t.Fatal(err)
	}
	s := storage.Open(f, "/data")
	f.Add(&vfs.Rule{Op: vfs.OpWrite, Path: "125100", Before: func(string, string) {
		if err := s.Sync(); err != nil {
			t.Error(err)
		}
	}})
	if err := s.Extend(rel, wal.ForkMain, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(rel, wal.ForkMain, 0, somePage('x')); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(m.PowerCut(0), "/data")
	buf := make([]byte, page.Size)
	if err := s.Read(rel, wal.ForkMain, 0, buf); err != nil || buf[50] != 'x' {
		t.Errorf("after a Sync that came behind the write: %v, byte %q", err, buf[50])
	}
}

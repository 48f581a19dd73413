package fence_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/node/fence"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func TestAPromiseNeverGoesDown(t *testing.T) {
	fsys := vfs.OS()
	dir := t.TempDir() + "/data"
	p, err := fence.Open(fsys, dir)
	if err != nil || p.Promised() != 0 || p.Owned() != 0 {
		t.Fatalf("a new node: %d, %d, %v", p.Promised(), p.Owned(), err)
	}
	for _, tli := range []wal.TimelineID{3, 2, 3, 0} {
		if err := p.Raise(tli); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(p.Own(3), p.Disown(), p.Own(2)); err != nil {
		t.Fatal(err)
	}
	again, err := fence.Open(fsys, dir+"/")
	if err != nil || again.Promised() != 3 || again.Owned() != 2 {
		t.Errorf("after a restart: promised %d, owned %d, %v; want 3, 2", again.Promised(), again.Owned(), err)
	}
}

func TestADamagedFileStopsTheNode(t *testing.T) {
	fsys, dir := vfs.OS(), t.TempDir()+"/data"
	p, _ := fence.Open(fsys, dir)
	if err := p.Raise(12); err != nil {
		t.Fatal(err)
	}
	good, err := vfs.ReadFile(fsys, dir+fence.Suffix)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 1
		if err := vfs.WriteFile(fsys, dir+fence.Suffix, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := fence.Open(fsys, dir); !errors.Is(err, fence.ErrDamaged) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
	}
	for n := range good {
		if err := vfs.WriteFile(fsys, dir+fence.Suffix, good[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := fence.Open(fsys, dir); !errors.Is(err, fence.ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

// Whatever the moment of the crash, the promise that was told is there, and never more than was asked.
func TestAPromiseThatWasToldSurvivesEveryCrash(t *testing.T) {
	mem := vfs.NewMem()
	if err := mem.MkdirAll("/n", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := mem.SyncDir("/"); err != nil {
		t.Fatal(err)
	}
	mem.Record()
	told := map[int]wal.TimelineID{0: 0} // operations done → promise told by then
	p, err := fence.Open(mem, "/n/data")
	if err != nil {
		t.Fatal(err)
	}
	for _, tli := range []wal.TimelineID{2, 5, 9} {
		if err := p.Raise(tli); err != nil {
			t.Fatal(err)
		}
		told[mem.Ops()] = tli
	}
	atLeast := wal.TimelineID(0)
	for at := range mem.Ops() + 1 {
		if tli, ok := told[at]; ok {
			atLeast = tli
		}
		for variant := range 8 {
			after, err := fence.Open(mem.Crash(at, variant), "/n/data")
			if err != nil {
				t.Fatalf("crash before operation %d, variant %d: %v", at, variant, err)
			}
			if got := after.Promised(); got < atLeast || got > 9 {
				t.Errorf("crash before operation %d, variant %d: promised %d, told %d", at, variant, got, atLeast)
			}
		}
	}
}

// Standbys whose disks are full can promise, so that a failover goes on: for the first time too, and when the
// timeline's number gets another digit.
func TestAPromiseOnAFullDisk(t *testing.T) {
	for sentence, before := range map[string]wal.TimelineID{
		"one that has never promised":   0,
		"the next number":               7,
		"a number with one digit more":  9,
		"the number of the last digits": 4_294_967_294,
	} {
		t.Run(sentence, func(t *testing.T) {
			mem := vfs.NewMem()
			fsys := vfs.NewFault(mem)
			p, err := fence.Open(fsys, "/data")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(p.Raise(before), p.Own(before)); err != nil {
				t.Fatal(err)
			}
			fillUp(fsys)
			mem.Record()
			if err := errors.Join(p.Raise(before+1), p.Disown()); err != nil {
				t.Fatal(err)
			}
			for at := range mem.Ops() + 1 {
				for variant := range vfs.Variants {
					p, err := fence.Open(mem.Crash(at, variant), "/data")
					if err != nil || p.Promised() < before || at == mem.Ops() && (p.Promised() != before+1 || p.Owned() != 0) {
						t.Errorf("crash before operation %d, variant %d: %+v, %v", at, variant, p, err)
					}
				}
			}
		})
	}
}

// fillUp lets no file be made and none grow.
func fillUp(fsys *vfs.Fault) {
	for _, op := range []string{vfs.OpCreate, vfs.OpWrite} {
		fsys.Add(&vfs.Rule{Op: op, Path: "*.tmp", Err: syscall.ENOSPC})
	}
}

// A file that was written without leading zeros, or could not be made at the start, gets room when there is some.
func TestRoomForPromisesIsMadeAtTheStart(t *testing.T) {
	for sentence, there := range map[string]string{
		"no file":                    "",
		"a file of an older version": "redoubt promise 1\npromised 9\nowned 4\ncrc 38CE4B93\n",
	} {
		t.Run(sentence, func(t *testing.T) {
			fsys := vfs.NewFault(vfs.NewMem())
			var had wal.TimelineID
			if there != "" {
				had = 9
				if err := vfs.WriteFile(fsys, "/data"+fence.Suffix, []byte(there), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			fillUp(fsys)
			p, err := fence.Open(fsys, "/data")
			if err != nil || p.Promised() != had {
				t.Fatalf("a start with a full disk: promised %d, %v", p.Promised(), err)
			}
			if err := p.Raise(10); !errors.Is(err, syscall.ENOSPC) || p.Promised() != had {
				t.Errorf("what does not fit in the file's place: %v, promised %d", err, p.Promised())
			}
			fsys.Clear()
			if p, err = fence.Open(fsys, "/data"); err != nil || p.Promised() != had {
				t.Fatalf("a start with room: promised %d, %v", p.Promised(), err)
			}
			fillUp(fsys)
			if err := p.Raise(10); err != nil {
				t.Error(err)
			}
		})
	}
}

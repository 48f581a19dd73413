package vfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// systems are the implementations that must behave alike.
func systems(t *testing.T) map[string]struct {
	vfs.FS
	root string
} {
	type system = struct {
		vfs.FS
		root string
	}
	return map[string]system{"os": {vfs.OS(), t.TempDir()}, "mem": {vfs.NewMem(), "root"}, "fault": {vfs.NewFault(vfs.NewMem()), "/root"}}
}

func TestFileSystemsBehaveAlike(t *testing.T) {
	for name, sys := range systems(t) {
		t.Run(name, func(t *testing.T) {
			dir := sys.root + "/a/b"
			must(t, sys.MkdirAll(dir, 0o700))
			must(t, sys.MkdirAll(dir, 0o700))
			f, err := sys.OpenFile(dir+"/x", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
			must(t, err)
			if _, err := sys.OpenFile(dir+"/x", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); !errors.Is(err, fs.ErrExist) {
				t.Errorf("exclusive create of what exists: %v", err)
			}
			if _, err := sys.OpenFile(dir+"/none/x", os.O_RDWR|os.O_CREATE, 0o600); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("create without a directory: %v", err)
			}
			_, err = f.WriteAt([]byte("hello"), 3)
			must(t, err)
			must(t, f.Truncate(10))
			must(t, f.Sync())
			buf := make([]byte, 20)
			n, err := f.ReadAt(buf, 2)
			if n != 8 || string(buf[:n]) != "\x00hello\x00\x00" || err == nil {
				t.Errorf("read %q, %v; want 8 bytes and EOF", buf[:n], err)
			}
			must(t, sys.Rename(dir+"/x", dir+"/y"))
			must(t, sys.SyncDir(dir))
			if size, err := f.Size(); size != 10 || err != nil {
				t.Errorf("size %d, %v after rename", size, err)
			}
			must(t, f.Close())
			must(t, vfs.WriteFile(sys, dir+"/z", []byte("z"), 0o600))
			entries, err := sys.ReadDir(dir)
			if err != nil || fmt.Sprint(entries) != "[- y - z]" {
				t.Errorf("entries %v, %v", entries, err)
			}
			if err := sys.Remove(sys.root + "/a"); err == nil {
				t.Error("a directory that is not empty was removed")
			}
			if got, err := vfs.ReadFile(sys, dir+"/z"); string(got) != "z" || err != nil {
				t.Errorf("read %q, %v", got, err)
			}
			must(t, sys.Remove(dir+"/z"))
			if ok, err := vfs.Exists(sys, dir+"/z"); ok || err != nil {
				t.Errorf("removed file exists: %t, %v", ok, err)
			}
			lock, err := sys.Lock(dir + "/lock")
			must(t, err)
			if _, err := sys.Lock(dir + "/lock"); !errors.Is(err, vfs.ErrLocked) {
				t.Errorf("second lock: %v, want ErrLocked", err)
			}
			must(t, lock.Close())
			lock, err = sys.Lock(dir + "/lock")
			must(t, err)
			must(t, lock.Close())
		})
	}
}

// create makes a file with contents; sync and syncDir say how durable.
func create(t *testing.T, m *vfs.Mem, name string, data []byte, sync, syncDir bool) vfs.File {
	t.Helper()
	f, err := m.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	_, err = f.WriteAt(data, 0)
	must(t, err)
	if sync {
		must(t, f.Sync())
	}
	if syncDir {
		must(t, m.SyncDir("."))
	}
	return f
}

func TestAPowerCutKeepsWhatWasSynced(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "kept", bytes.Repeat([]byte("a"), 2000), true, true)
	create(t, m, "empty", bytes.Repeat([]byte("x"), 600), false, true)
	create(t, m, "unnamed", []byte("x"), true, false)
	_, err := f.WriteAt(bytes.Repeat([]byte("b"), 1000), 1000)
	must(t, err)
	must(t, m.Rename("empty", "renamed"))

	disk := m.PowerCut(0)
	if got, err := vfs.ReadFile(disk, "kept"); err != nil || !bytes.Equal(got, bytes.Repeat([]byte("a"), 2000)) {
		t.Errorf("synced bytes were lost: %q, %v", got, err)
	}
	for name, want := range map[string]bool{"unnamed": false, "renamed": false, "empty": true} {
		if ok, _ := vfs.Exists(disk, name); ok != want {
			t.Errorf("%s exists: %t, want %t", name, ok, want)
		}
	}
	if got, _ := vfs.ReadFile(disk, "empty"); len(got) != 0 {
		t.Errorf("unsynced bytes survived variant 0: %q", got)
	}
	all := m.PowerCut(1)
	if got, _ := vfs.ReadFile(all, "kept"); !bytes.Equal(got[1000:], bytes.Repeat([]byte("b"), 1000)) {
		t.Errorf("variant 1 keeps everything, but not %q", got)
	}
	if ok, _ := vfs.Exists(all, "renamed"); !ok {
		t.Error("variant 1 keeps all names")
	}
}

func TestWritesTearAtSectors(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "f", make([]byte, 4*512), true, true)
	_, err := f.WriteAt(bytes.Repeat([]byte("n"), 4*512), 0)
	must(t, err)
	seen := map[string]bool{}
	for variant := range vfs.Variants + 4 {
		got, err := vfs.ReadFile(m.PowerCut(variant), "f")
		must(t, err)
		pattern := ""
		for s := range 4 {
			sector := got[s*512 : (s+1)*512]
			if c := bytes.Count(sector, []byte("n")); c != 0 && c != 512 {
				t.Fatalf("variant %d tore sector %d itself", variant, s)
			}
			pattern += string('0' + rune(min(sector[0], 1)))
		}
		seen[pattern] = true
	}
	for _, want := range []string{"0000", "1111", "1000", "1100", "1110", "0011", "1010", "0101"} {
		if !seen[want] {
			t.Errorf("no variant leaves %s: %v", want, seen)
		}
	}
}

func TestEveryOperationCanBeCrashedBefore(t *testing.T) {
	m := vfs.NewMem()
	m.Record()
	for i := range 5 {
		must(t, vfs.WriteFile(m, "state", []byte{byte(i)}, 0o600))
	}
	last := -1
	for op := range m.Ops() + 1 {
		for variant := range vfs.Variants {
			disk := m.Crash(op, variant)
			got, err := vfs.ReadFile(disk, "state")
			if errors.Is(err, fs.ErrNotExist) && last < 0 {
				continue
			}
			if err != nil || len(got) != 1 {
				t.Fatalf("before operation %d, variant %d: %v, %v: neither the old nor the new file", op, variant, got, err)
			}
			if variant == 0 && int(got[0]) < last {
				t.Errorf("before operation %d: %d after %d was durable", op, got[0], last)
			}
			if variant == 0 {
				last = int(got[0])
			}
			again, _ := vfs.ReadFile(m.Crash(op, variant), "state")
			if !bytes.Equal(got, again) {
				t.Errorf("operation %d, variant %d is not deterministic", op, variant)
			}
		}
	}
	if last != 4 {
		t.Errorf("at the end %d is durable, want 4", last)
	}
}

func TestFaultsHitWhatTheirRuleNames(t *testing.T) {
	eio := errors.New("eio")
	fault := vfs.NewFault(vfs.NewMem(), &vfs.Rule{Op: vfs.OpSync, Path: "*.wal", After: 1, Times: 2, Err: eio})
	f, err := fault.OpenFile("a.wal", os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	g, err := fault.OpenFile("b.txt", os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	for i, want := range []error{nil, eio, eio, nil} {
		if err := f.Sync(); !errors.Is(err, want) {
			t.Errorf("sync %d: %v, want %v", i, err, want)
		}
		must(t, g.Sync())
	}
	fault.Add(&vfs.Rule{Op: vfs.OpWrite, Err: eio, Short: 3})
	if n, err := f.WriteAt([]byte("hello"), 0); n != 3 || !errors.Is(err, eio) {
		t.Errorf("short write: %d, %v", n, err)
	}
	if size, _ := f.Size(); size != 3 {
		t.Errorf("%d bytes are there, want 3", size)
	}
	looked := 0
	fault.Clear()
	fault.Add(&vfs.Rule{Op: vfs.OpRename, Before: func(op, name string) { looked++ }})
	must(t, fault.Rename("a.wal", "c.wal"))
	if looked != 1 {
		t.Errorf("looked %d times", looked)
	}
}

// A directory that moves takes along what is in it: once its new name is durable, so is what was
// durable under the old one.
func TestAMovedDirectoryTakesItsFilesAlong(t *testing.T) {
	m := vfs.NewMem()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(m.MkdirAll("/d.new/sub", 0o700))
	must(vfs.WriteFile(m, "/d.new/sub/f", []byte("x"), 0o600))
	must(m.SyncDir("/d.new"))
	must(m.SyncDir("/"))
	m.Record()
	must(vfs.RenameDurably(m, "/d.new", "/d"))
	for variant := range vfs.Variants {
		after := m.Crash(m.Ops(), variant)
		if got, err := vfs.ReadFile(after, "/d/sub/f"); err != nil || string(got) != "x" {
			t.Errorf("variant %d: %q, %v", variant, got, err)
		}
		if ok, _ := vfs.Exists(after, "/d.new"); ok {
			t.Errorf("variant %d: the old name is still there", variant)
		}
		before := m.Crash(0, variant)
		if got, err := vfs.ReadFile(before, "/d.new/sub/f"); err != nil || string(got) != "x" {
			t.Errorf("before, variant %d: %q, %v", variant, got, err)
		}
	}
}

package vfs

import (
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Mem is a file system in memory that knows what a power cut would leave. It has no goroutines and no
// clock. The root ("/" and ".") always exists.
//
//	m := vfs.NewMem(); m.Record()
//	… write, sync, rename …
//	for op := range m.Ops() + 1 {
//		for variant := range vfs.Variants {
//			after := m.Crash(op, variant) // the disk after a power cut before operation op
//		}
//	}
type Mem struct {
	mu      sync.Mutex
	nodes   map[string]*memNode // the names now
	durable map[string]*memNode // the names that a power cut leaves
	pending []nameOp            // what lies between, oldest first
	locks   map[string]bool
	nextID  int
	rec     *recording
}

// A memNode is a directory or a file, whatever it is called now.
type memNode struct {
	id   int
	dir  bool
	perm fs.FileMode
	content
}

// NewMem returns an empty file system.
func NewMem() *Mem {
	return &Mem{nodes: map[string]*memNode{}, durable: map[string]*memNode{}, locks: map[string]bool{}}
}

func fail(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

func isRoot(name string) bool { return name == "." || name == "/" }

func (m *Mem) dirExists(name string) bool {
	n := m.nodes[name]
	return isRoot(name) || n != nil && n.dir
}

func (m *Mem) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = path.Clean(name)
	n := m.nodes[name]
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, fail("open", name, fs.ErrNotExist)
	case n == nil && !m.dirExists(path.Dir(name)):
		return nil, fail("open", name, fs.ErrNotExist)
	case n == nil:
		m.nextID++
		n = &memNode{id: m.nextID, perm: perm}
		m.apply(op{kind: opName, name: nameOp{to: name, node: n}})
	case n.dir:
		return nil, fail("open", name, syscall.EISDIR)
	case flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return nil, fail("open", name, fs.ErrExist)
	}
	if flag&os.O_TRUNC != 0 && len(n.data) != 0 {
		m.apply(op{kind: opTruncate, node: n})
	}
	return &memFile{mem: m, node: n, name: name, readOnly: flag&(os.O_WRONLY|os.O_RDWR) == 0}, nil
}

func (m *Mem) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	oldName, newName = path.Clean(oldName), path.Clean(newName)
	n := m.nodes[oldName]
	if n == nil || !m.dirExists(path.Dir(newName)) {
		return fail("rename", oldName, fs.ErrNotExist)
	}
	if old := m.nodes[newName]; old != nil && old.dir != n.dir {
		return fail("rename", newName, fs.ErrExist)
	}
	if oldName == newName {
		return nil
	}
	m.apply(op{kind: opName, name: nameOp{from: oldName, to: newName, node: n}})
	return nil
}

// below lists the names inside a directory, at any depth, sorted.
func (m *Mem) below(dir string) []string {
	var names []string
	for name := range m.nodes {
		if strings.HasPrefix(name, dir+"/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = path.Clean(name)
	n := m.nodes[name]
	if n == nil {
		return fail("remove", name, fs.ErrNotExist)
	}
	if n.dir && len(m.below(name)) != 0 {
		return fail("remove", name, syscall.ENOTEMPTY)
	}
	m.apply(op{kind: opName, name: nameOp{from: name, node: n}})
	return nil
}

func (m *Mem) MkdirAll(name string, perm fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mkdirAll(path.Clean(name), perm)
}

func (m *Mem) mkdirAll(name string, perm fs.FileMode) error {
	if m.dirExists(name) {
		return nil
	}
	if m.nodes[name] != nil {
		return fail("mkdir", name, syscall.ENOTDIR)
	}
	if err := m.mkdirAll(path.Dir(name), perm); err != nil {
		return err
	}
	m.nextID++
	m.apply(op{kind: opName, name: nameOp{to: name, node: &memNode{id: m.nextID, dir: true, perm: perm}}})
	return nil
}

func (m *Mem) ReadDir(name string) ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = path.Clean(name)
	if !m.dirExists(name) {
		return nil, fail("open", name, fs.ErrNotExist)
	}
	var out []fs.DirEntry
	for _, p := range slices.Sorted(maps.Keys(m.nodes)) {
		if path.Dir(p) == name && p != name {
			out = append(out, fs.FileInfoToDirEntry(m.info(p)))
		}
	}
	return out, nil
}

func (m *Mem) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = path.Clean(name)
	if m.nodes[name] == nil && !isRoot(name) {
		return nil, fail("stat", name, fs.ErrNotExist)
	}
	return m.info(name), nil
}

func (m *Mem) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = path.Clean(name)
	if !m.dirExists(name) {
		return fail("open", name, fs.ErrNotExist)
	}
	m.apply(op{kind: opSyncDir, name: nameOp{to: name}})
	return nil
}

func (m *Mem) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = path.Clean(name)
	if m.locks[name] {
		return nil, fail("lock", name, ErrLocked)
	}
	m.locks[name] = true
	return unlocker(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locks, name)
	}), nil
}

type unlocker func()

func (f unlocker) Close() error { f(); return nil }

package vfs

import (
	"io"
	"io/fs"
	"path"
	"syscall"
	"time"
)

// memFile is one open file of a Mem. It stays usable when the file is renamed or removed.
type memFile struct {
	mem      *Mem
	node     *memNode
	name     string
	readOnly bool
	closed   bool
}

func (f *memFile) Name() string { return f.name }

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	switch {
	case f.closed:
		return 0, fail("read", f.name, fs.ErrClosed)
	case off < 0:
		return 0, fail("read", f.name, syscall.EINVAL)
	case off >= int64(len(f.node.data)):
		return 0, io.EOF
	}
	n := copy(p, f.node.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	if err := f.writable("write"); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, fail("write", f.name, syscall.EINVAL)
	}
	f.mem.apply(op{kind: opWrite, node: f.node, off: off, data: p, size: int64(len(p))})
	return len(p), nil
}

func (f *memFile) Truncate(size int64) error {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	if err := f.writable("truncate"); err != nil {
		return err
	}
	f.mem.apply(op{kind: opTruncate, node: f.node, size: size})
	return nil
}

func (f *memFile) Sync() error {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	if f.closed {
		return fail("sync", f.name, fs.ErrClosed)
	}
	f.mem.apply(op{kind: opSync, node: f.node})
	return nil
}

func (f *memFile) Size() (int64, error) {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	if f.closed {
		return 0, fail("stat", f.name, fs.ErrClosed)
	}
	return int64(len(f.node.data)), nil
}

func (f *memFile) Close() error {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	if f.closed {
		return fail("close", f.name, fs.ErrClosed)
	}
	f.closed = true
	return nil
}

func (f *memFile) writable(what string) error {
	if f.closed {
		return fail(what, f.name, fs.ErrClosed)
	}
	if f.readOnly {
		return fail(what, f.name, syscall.EBADF)
	}
	return nil
}

// memInfo is fs.FileInfo; there is no clock, so there are no times.
type memInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (m *Mem) info(name string) fs.FileInfo {
	n := m.nodes[name]
	if n == nil || n.dir {
		return memInfo{path.Base(name), 0, fs.ModeDir | 0o700}
	}
	return memInfo{path.Base(name), int64(len(n.data)), n.perm.Perm()}
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() fs.FileMode  { return i.mode }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.mode.IsDir() }
func (i memInfo) Sys() any           { return nil }

package engine_test

import (
	"bytes"
	"io/fs"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// sparse is the real file system for tests with much empty log: zeros behind a file's end take no room,
// and nothing is made durable.
type sparse struct{ vfs.FS }

func (s sparse) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	f, err := s.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return sparseFile{f}, nil
}

func (sparse) SyncDir(string) error { return nil }

type sparseFile struct{ vfs.File }

func (sparseFile) Sync() error { return nil }

func (f sparseFile) WriteAt(p []byte, off int64) (int, error) {
	if size, err := f.Size(); err == nil && off >= size && len(bytes.TrimLeft(p, "\x00")) == 0 {
		return len(p), f.Truncate(off + int64(len(p)))
	}
	return f.File.WriteAt(p, off)
}

package vfs

import (
	"io"
	"io/fs"
)

// FS is a file system. Names are slash-separated paths. All methods may be called concurrently.
//
// What is durable: a file's bytes after File.Sync; a file's name (created, renamed, removed) after
// SyncDir of its directory. Nothing else.
type FS interface {
	// OpenFile opens name with os.O_* flags.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Rename moves a file, over an existing one if there is one, atomically.
	Rename(oldName, newName string) error
	// Remove removes a file or an empty directory.
	Remove(name string) error
	// MkdirAll creates a directory and its parents; none of it is durable.
	MkdirAll(name string, perm fs.FileMode) error
	// ReadDir lists a directory by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	Stat(name string) (fs.FileInfo, error)
	// SyncDir makes the names in a directory durable.
	SyncDir(name string) error
	// Lock takes the lock file name for this process or fails at once if another holds it. Closing
	// releases it; so does the end of the process.
	Lock(name string) (io.Closer, error)
}

// A File is an open file. ReadAt and WriteAt may be called concurrently.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes the bytes and the size durable (fdatasync). After an error the state of what was
	// written since the last success is unknown and stays so: never call it again to find out.
	Sync() error
	// Truncate sets the size; a longer file is filled with zeros.
	Truncate(size int64) error
	Size() (int64, error)
	Name() string
}

package storage

import (
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// SyncAll makes durable what an earlier process has left in a data directory, names included. If it was
// killed, what it wrote is there to be read, but may be in the operating system's memory only; replay finds
// those pages changed already and does not write them again (SyncDataDirectory).
func SyncAll(fsys vfs.FS, dir string) error {
	databases, err := fsys.ReadDir(path.Join(dir, "base"))
	if err != nil {
		return err
	}
	dirs := []string{"global"}
	for _, d := range databases {
		if d.IsDir() {
			dirs = append(dirs, "base/"+d.Name())
		}
	}
	for _, d := range dirs {
		if err := syncFiles(fsys, path.Join(dir, d)); err != nil {
			return err
		}
	}
	return fsys.SyncDir(path.Join(dir, "base"))
}

func syncFiles(fsys vfs.FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, _, _, ok := parseFileName(e.Name()); !ok || e.IsDir() {
			continue
		}
		name := path.Join(dir, e.Name())
		f, err := fsys.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("sync %s: %w", name, err)
		}
	}
	return fsys.SyncDir(dir)
}

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// ReadFile returns a file's contents.
func ReadFile(fsys FS, name string) ([]byte, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	buf := make([]byte, size)
	n, err := f.ReadAt(buf, 0)
	if n == len(buf) {
		return buf, nil
	}
	return nil, err
}

// WriteFile replaces a file's contents durably: after a crash the file is the old one or the new one,
// and the new one once WriteFile has returned. It goes by way of name+".tmp" and a rename.
func WriteFile(fsys FS, name string, data []byte, perm fs.FileMode) error {
	tmp := name + ".tmp"
	if err := writeSynced(fsys, tmp, data, perm); err != nil {
		fsys.Remove(tmp)
		return err
	}
	return RenameDurably(fsys, tmp, name)
}

// WriteSector is WriteFile for what has to be noted on a full disk as well, because room or a failover depends
// on it. There, data of one sector at most is written where the file is that it replaces, if that is as long:
// a disk writes a sector whole or not at all.
func WriteSector(fsys FS, name string, data []byte, perm fs.FileMode) error {
	err := WriteFile(fsys, name, data, perm)
	if len(data) > SectorSize || !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	f, openErr := fsys.OpenFile(name, os.O_WRONLY, perm)
	if openErr != nil {
		return err
	}
	if size, sizeErr := f.Size(); sizeErr != nil || size != int64(len(data)) {
		f.Close()
		return err
	}
	if _, err = f.WriteAt(data, 0); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// RenameDurably moves a file within one directory and makes the new name durable.
func RenameDurably(fsys FS, oldName, newName string) error {
	if err := fsys.Rename(oldName, newName); err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(newName))
}

// Exists reports whether a file is there.
func Exists(fsys FS, name string) (bool, error) {
	_, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func writeSynced(fsys FS, name string, data []byte, perm fs.FileMode) error {
	f, err := fsys.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		f.Close()
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

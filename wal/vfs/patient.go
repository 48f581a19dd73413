package vfs

import (
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// Patient wraps a file system so that its opens wait when the process or the machine has no file
// descriptors left: others give some back, and nothing was done that could have failed. After ten
// seconds they return the error: see NoDescriptors.
func Patient(fsys FS) FS { return patient{fsys} }

const (
	patience = 10 * time.Second
	pause    = 20 * time.Millisecond
)

// NoDescriptors reports whether an error is that of an open for which there was no file descriptor:
// what the disk holds is as certain as it was before.
func NoDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

type patient struct{ FS }

func (p patient) OpenFile(name string, flag int, perm fs.FileMode) (f File, err error) {
	err = patiently(func() error {
		f, err = p.FS.OpenFile(name, flag, perm)
		return err
	})
	return f, err
}

func (p patient) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = patiently(func() error {
		entries, err = p.FS.ReadDir(name)
		return err
	})
	return entries, err
}

func (p patient) SyncDir(name string) error {
	return patiently(func() error { return p.FS.SyncDir(name) })
}

func patiently(open func() error) error {
	for waited := time.Duration(0); ; waited += pause {
		err := open()
		if !NoDescriptors(err) || waited >= patience {
			return err
		}
		time.Sleep(pause)
	}
}

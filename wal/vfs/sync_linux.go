package vfs

import (
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// datasync makes a file's bytes and size durable. Of the errors only an interruption may be tried again.
func datasync(f *os.File) error {
	defer runtime.KeepAlive(f)
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return &fs.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
	}
}

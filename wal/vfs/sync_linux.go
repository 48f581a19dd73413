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

// dontNeed is POSIX_FADV_DONTNEED.
const dontNeed = 4

func forget(f *os.File) error {
	defer runtime.KeepAlive(f)
	if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
		return &fs.PathError{Op: "fadvise", Path: f.Name(), Err: errno}
	}
	return nil
}

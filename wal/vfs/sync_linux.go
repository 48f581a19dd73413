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

// rangeWrite is SYNC_FILE_RANGE_WRITE. It only starts: what the disk says is kept for fdatasync.
const rangeWrite = 2

func startSync(f *os.File) error {
	defer runtime.KeepAlive(f)
	err := syscall.SyncFileRange(int(f.Fd()), 0, 0, rangeWrite)
	if err != nil && err != syscall.ENOSYS { // a sandbox may not have it
		return &fs.PathError{Op: "sync_file_range", Path: f.Name(), Err: err}
	}
	return nil
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

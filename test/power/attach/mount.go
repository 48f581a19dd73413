package attach

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/redoubt-wal/redoubt/test/power/disk"
)

// A Kind is a file system, as the kernel and mkfs call it.
type Kind string

const (
	Ext4 Kind = "ext4"
	XFS  Kind = "xfs"
)

// Size is the smallest disk in bytes that is good for a file system with a node on it; mkfs.xfs
// refuses less than 300 MB.
func (k Kind) Size() int64 {
	if k == XFS {
		return 320 << 20
	}
	return 128 << 20
}

func (k Kind) mkfs(device string) *exec.Cmd {
	if k == XFS {
		return exec.Command("mkfs.xfs", "-q", "-K", device)
	}
	return exec.Command("mkfs.ext4", "-q", "-b", "4096", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0", device)
}

// A Volume is a disk with a file system that is mounted, or not.
type Volume struct {
	Disk *disk.Disk
	Dir  string // where it is mounted

	kind    Kind
	dir     string
	mounted bool
	server  *fuse.Server
}

// NewVolume makes a disk with a file system on it, below dir. It is not mounted.
func NewVolume(kind Kind, dir string) (*Volume, error) {
	v := &Volume{Disk: disk.New(kind.Size()), Dir: filepath.Join(dir, "mnt"), kind: kind, dir: filepath.Join(dir, "fuse")}
	if err := errors.Join(os.MkdirAll(v.Dir, 0o700), os.MkdirAll(v.dir, 0o700)); err != nil {
		return nil, err
	}
	var err error
	if v.server, err = serve(v.Disk, v.dir); err != nil {
		return nil, err
	}
	return v, v.withDevice(func(device string) error {
		if out, err := kind.mkfs(device).CombinedOutput(); err != nil {
			return fmt.Errorf("mkfs.%s (Debian: e2fsprogs, xfsprogs): %w: %s", kind, err, out)
		}
		return nil
	})
}

func (v *Volume) withDevice(use func(device string) error) error {
	device, fd, err := loopDevice(filepath.Join(v.dir, fileName))
	if err != nil {
		return err
	}
	return errors.Join(use(device), unix.Close(fd))
}

// Mount mounts the file system; after a power cut it replays its journal.
func (v *Volume) Mount() error {
	return v.withDevice(func(device string) error {
		if err := unix.Mount(device, v.Dir, string(v.kind), 0, ""); err != nil {
			return fmt.Errorf("mount %s as %s: %w", device, v.kind, err)
		}
		v.mounted = true
		return nil
	})
}

// Unmount unmounts it, if it is mounted. Nobody may have files open on it. After a power cut nothing is
// written: the caches are thrown away.
func (v *Volume) Unmount() error {
	if !v.mounted {
		return nil
	}
	if err := unix.Unmount(v.Dir, 0); err != nil {
		return fmt.Errorf("unmount %s: %w", v.Dir, err)
	}
	v.mounted = false
	return nil
}

// Close ends the disk; unmount first.
func (v *Volume) Close() error { return v.server.Unmount() }

package attach

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/redoubt-wal/redoubt/test/power/disk"
)

// fileName is the name of the one file in the FUSE mount.
const fileName = "disk"

// maxRequest is how many bytes the kernel may send at once.
const maxRequest = 512 << 10

// serve mounts the disk as the file dir/disk.
func serve(d *disk.Disk, dir string) (*fuse.Server, error) {
	root := &fs.Inode{}
	server, err := fs.Mount(dir, root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "power", Name: "power", MaxWrite: maxRequest, DisableXAttrs: true},
		OnAdd: func(ctx context.Context) {
			root.AddChild(fileName, root.NewPersistentInode(ctx, &file{disk: d}, fs.StableAttr{Mode: syscall.S_IFREG}), true)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("mount FUSE on %s (is /dev/fuse there, are we root?): %w", dir, err)
	}
	return server, nil
}

// A file is the disk as the kernel's FUSE client sees it. The page cache is kept out of the way, so
// that what the disk forgets is forgotten.
type file struct {
	fs.Inode
	disk *disk.Disk
}

var (
	_ fs.NodeGetattrer = (*file)(nil)
	_ fs.NodeOpener    = (*file)(nil)
	_ fs.NodeReader    = (*file)(nil)
	_ fs.NodeWriter    = (*file)(nil)
	_ fs.NodeFsyncer   = (*file)(nil)
)

func (f *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Size = syscall.S_IFREG|0o600, uint64(f.disk.Size())
	return 0
}

func (f *file) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (f *file) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	if err := f.disk.ReadAt(dest, off); err != nil {
		return nil, errno(err)
	}
	return fuse.ReadResultData(dest), 0
}

func (f *file) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	if err := f.disk.WriteAt(data, off); err != nil {
		return 0, errno(err)
	}
	return uint32(len(data)), 0
}

func (f *file) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return errno(f.disk.Flush())
}

func errno(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return syscall.EIO
}

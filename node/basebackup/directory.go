package basebackup

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A directory is a copy while it grows. Files are durable when they have been written, their names when
// finish has returned.
type directory struct {
	fs    vfs.FS
	root  string
	dirs  []string // below root, in the order of their making
	files map[string]copiedFile
	buf   []byte
}

// begin clears away what an earlier attempt left.
func (d *directory) begin() error {
	d.files, d.buf = map[string]copiedFile{}, make([]byte, 256<<10)
	if err := removeAll(d.fs, d.root); err != nil {
		return fmt.Errorf("remove an unfinished copy: %w", err)
	}
	return d.fs.MkdirAll(d.root, 0o700)
}

func removeAll(fsys vfs.FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if e.IsDir() {
			err = removeAll(fsys, name)
		} else {
			err = fsys.Remove(name)
		}
		if err != nil {
			return err
		}
	}
	return fsys.Remove(dir)
}

// refused are names that must not come from an upstream: they are this node's own.
var refused = []string{manifestName, "standby.signal", "recovery.signal", "postmaster.pid", "postmaster.opts"}

// entry writes one file or directory of the archive. Links, devices, and names that lead out of the
// directory are refused.
func (d *directory) entry(header *tar.Header, contents io.Reader) error {
	name := strings.TrimSuffix(strings.TrimPrefix(header.Name, "./"), "/")
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return fmt.Errorf("refusing file with unsafe name %q", header.Name)
	}
	switch {
	case header.Typeflag == tar.TypeDir:
		return d.makeDir(name)
	case header.Typeflag != tar.TypeReg:
		return fmt.Errorf("refusing %q: it is neither a file nor a directory (type %q)", header.Name, header.Typeflag)
	case name == "." || slices.Contains(refused, name):
		return fmt.Errorf("refusing file %q", header.Name)
	default:
		return d.write(name, header.Size, contents)
	}
}

// makeDir makes a directory and those above it.
func (d *directory) makeDir(name string) error {
	if name == "." || slices.Contains(d.dirs, name) {
		return nil
	}
	if err := d.makeDir(path.Dir(name)); err != nil {
		return err
	}
	d.dirs = append(d.dirs, name)
	return d.fs.MkdirAll(path.Join(d.root, name), 0o700)
}

// put writes a small file that is not of the archive.
func (d *directory) put(name string, contents []byte) error {
	f, err := d.create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(contents, 0)
	return closeSynced(f, err)
}

func (d *directory) create(name string) (vfs.File, error) {
	return d.fs.OpenFile(path.Join(d.root, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// write copies one file, durably, and remembers its checksum.
func (d *directory) write(name string, size int64, contents io.Reader) error {
	if err := d.makeDir(path.Dir(name)); err != nil {
		return err
	}
	f, err := d.create(name)
	if err != nil {
		return err
	}
	h, err := checksumAsked.new()
	if err == nil {
		_, err = io.CopyBuffer(io.MultiWriter(io.NewOffsetWriter(f, 0), h), onlyReader{contents}, d.buf)
	}
	if err := closeSynced(f, err); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	d.files[name] = copiedFile{size: size, sum: sum(h)}
	return nil
}

func closeSynced(f vfs.File, err error) error {
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// finish makes the copy's names durable and moves it to its place.
func (d *directory) finish(to string) error {
	for _, name := range slices.Backward(d.dirs) {
		if err := d.fs.SyncDir(path.Join(d.root, name)); err != nil {
			return err
		}
	}
	if err := d.fs.SyncDir(d.root); err != nil {
		return err
	}
	if err := removeAll(d.fs, to); err != nil { // an empty one
		return err
	}
	return vfs.RenameDurably(d.fs, d.root, to)
}

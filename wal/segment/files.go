package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// files is the directory pg_wal: it makes segment files and gives them their names.
type files struct {
	fs      vfs.FS
	dir     string
	segSize int64
	mu      sync.Mutex // one file is made or renamed at a time
	sparse  bool       // new files get their size and no blocks

	given, durable int // names that Recycle gave, and how many of them a power cut leaves; guarded by mu

	turnover turnover
}

// unfinished is how the names of files begin that have not got their own yet.
const unfinished = "xlogtemp."

func (f *files) path(name string) string { return path.Join(f.dir, name) }

func (f *files) removeUnfinished() error {
	entries, err := f.fs.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished) {
			if err := f.fs.Remove(f.path(e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// make makes sure that a segment file named name is there, full size and durable, its name too; a new
// one is filled with fill and then zeros. renamed tells that an error came after the file got its name.
func (f *files) make(name string, fill func(vfs.File) error) (renamed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.makeNow(name, fill)
}

// makeUnless is make for the background: by the time that it is its turn the segment may have been made, used
// and given up, which late tells. Recycle cannot come between.
func (f *files) makeUnless(late func() bool, name string) (renamed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if late() {
		return false, nil
	}
	return f.makeNow(name, nil)
}

func (f *files) makeNow(name string, fill func(vfs.File) error) (renamed bool, err error) {
	info, err := f.fs.Stat(f.path(name))
	if err == nil && info.Size() != f.segSize {
		return false, fmt.Errorf("segment %s has %d bytes, want %d", name, info.Size(), f.segSize)
	}
	if err == nil && f.durable < f.given { // Recycle has just renamed it, perhaps
		return true, f.syncNames()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	tmp := f.path(unfinished + "new")
	if err := f.fill(tmp, fill); err != nil {
		f.fs.Remove(tmp)
		return false, err
	}
	if err := f.fs.Rename(tmp, f.path(name)); err != nil {
		f.fs.Remove(tmp)
		return false, err
	}
	f.turnover.added.Add(1)
	return true, f.syncNames()
}

// settled reports whether every name that is there is durable, and no file is being made.
func (f *files) settled() bool {
	if !f.mu.TryLock() {
		return false
	}
	defer f.mu.Unlock()
	return f.durable == f.given
}

// syncNames makes all names durable. The caller holds mu.
func (f *files) syncNames() error {
	err := f.fs.SyncDir(f.dir)
	if err == nil {
		f.durable = f.given
	}
	return err
}

// syncGiven is syncNames for one who does not hold mu: files can be made meanwhile.
func (f *files) syncGiven() error {
	f.mu.Lock()
	given := f.given
	f.mu.Unlock()
	if err := f.fs.SyncDir(f.dir); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.durable = max(f.durable, given)
	return nil
}

func (f *files) fill(name string, fill func(vfs.File) error) error {
	file, err := f.fs.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	from := int64(0)
	if f.sparse {
		from = f.segSize - 1 // as PostgreSQL: the last byte gives the file its size
	}
	err = writeZeros(file, from, f.segSize)
	if err == nil && fill != nil {
		err = fill(file)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

var zeros [256 << 10]byte

// writeZeros allocates the file's blocks: an unwritten extent would cost each flush twice.
func writeZeros(f vfs.File, from, size int64) error {
	for off := from; off < size; off += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-off)], off); err != nil {
			return err
		}
	}
	return nil
}

// SegmentInfo is one segment file.
type SegmentInfo struct {
	Name     string
	Timeline wal.TimelineID
	Start    wal.LSN
}

// list returns the segment files, by name: timeline, then position.
func (f *files) list() ([]SegmentInfo, error) {
	entries, err := f.fs.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	var out []SegmentInfo
	for _, e := range entries {
		if tli, start, ok := wal.ParseSegmentName(e.Name(), uint64(f.segSize)); ok {
			out = append(out, SegmentInfo{e.Name(), tli, start})
		}
	}
	return out, nil
}

func noRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

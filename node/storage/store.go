package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/redoubt-wal/redoubt/node/latch"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A Store is the relation files of one data directory. Any number of goroutines may use it, but not
// two for one page at a time.
type Store struct {
	fs  vfs.FS
	dir string

	extending latch.Latch

	mu     sync.Mutex
	files  map[part]*file
	blocks map[fork]uint32     // lengths, once known
	room   map[fork]uint32     // pages on disk: some may be there that blocks does not count yet
	dirs   map[string]struct{} // with new names since the last Sync
	failed error
}

type fork struct {
	rel  wal.RelFileLocator
	fork wal.ForkNumber
}

// A part is one of a relation's files.
type part struct {
	fork
	n uint32
}

type file struct {
	vfs.File
	dirty bool // written since the last Sync began; guarded by Store.mu
}

// Open returns the store of a data directory. It opens no file yet.
func Open(fsys vfs.FS, dir string) *Store {
	return &Store{
		fs: fsys, dir: dir, files: map[part]*file{}, blocks: map[fork]uint32{}, room: map[fork]uint32{}, dirs: map[string]struct{}{},
	}
}

// Read fills buf with a page and verifies it. What a crash left of a page that was being added reads
// as zeros.
func (s *Store) Read(rel wal.RelFileLocator, fk wal.ForkNumber, block uint32, buf []byte) error {
	f, err := s.file(rel, fk, block/segmentBlocks, false)
	if err != nil {
		return err
	}
	n, err := f.ReadAt(buf, offset(block))
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read block %d of relation %s: %w", block, rel, err)
	}
	if n < page.Size {
		clear(buf)
	}
	if err := page.Verify(buf, block); err != nil {
		return fmt.Errorf("relation %s, fork %s: %w", rel, fk, err)
	}
	return nil
}

// Write sets the checksum in buf and writes it.
func (s *Store) Write(rel wal.RelFileLocator, fk wal.ForkNumber, block uint32, buf []byte) error {
	f, err := s.file(rel, fk, block/segmentBlocks, true)
	if err != nil {
		return err
	}
	if !page.IsNew(buf) {
		page.SetChecksum(buf, block)
	}
	defer s.touch(f)
	if _, err := f.WriteAt(buf, offset(block)); err != nil {
		return fmt.Errorf("write block %d of relation %s: %w", block, rel, err)
	}
	return nil
}

// Blocks is the relation's length in pages, 0 if it has no files.
func (s *Store) Blocks(rel wal.RelFileLocator, fk wal.ForkNumber) (uint32, error) {
	s.mu.Lock()
	n, known := s.blocks[fork{rel, fk}]
	s.mu.Unlock()
	if known {
		return n, nil
	}
	n, err := s.measure(rel, fk)
	if err != nil {
		return 0, err
	}
	s.setBlocks(fork{rel, fk}, n)
	return n, nil
}

// Sync makes everything written before it durable. After an error the store refuses to go on.
func (s *Store) Sync() error {
	return s.SyncEach(func(sync func() error) error { return sync() })
}

// SyncEach is Sync that syncs each file through around, which may measure.
func (s *Store) SyncEach(around func(sync func() error) error) error {
	s.mu.Lock()
	err := s.failed
	var dirty []*file
	for _, f := range s.files {
		if f.dirty {
			f.dirty = false
			dirty = append(dirty, f)
		}
	}
	dirs := s.dirs
	s.dirs = map[string]struct{}{}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	for _, f := range dirty {
		if err := around(f.Sync); err != nil {
			return s.fail(fmt.Errorf("sync %s: %w", f.Name(), err))
		}
	}
	for dir := range dirs {
		if err := vfs.Patient(s.fs).SyncDir(dir); err != nil {
			return s.fail(fmt.Errorf("sync directory %s: %w", dir, err))
		}
	}
	return nil
}

// Close closes the files; it makes nothing durable.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, f := range s.files {
		err = errors.Join(err, f.Close())
	}
	s.files = map[part]*file{}
	return err
}

func (s *Store) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
	return s.failed
}

// touch marks a file after it was written: a Sync that came before the write would take an earlier mark
// away, and no later one would make the write durable. Whoever needs a write in a Sync waits for Write to
// return first.
func (s *Store) touch(f *file) {
	s.mu.Lock()
	f.dirty = true
	s.mu.Unlock()
}

func (s *Store) setBlocks(k fork, n uint32) {
	s.mu.Lock()
	s.blocks[k] = max(n, s.blocks[k])
	s.room[k] = max(n, s.room[k])
	s.mu.Unlock()
}

// measure adds up the lengths of a relation's files.
func (s *Store) measure(rel wal.RelFileLocator, fk wal.ForkNumber) (uint32, error) {
	for n := uint32(0); ; n++ {
		name, err := filePath(rel, fk, n)
		if err != nil {
			return 0, err
		}
		info, err := s.fs.Stat(path.Join(s.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return n * segmentBlocks, nil
		}
		if err != nil {
			return 0, err
		}
		if blocks := uint32(info.Size() / page.Size); blocks < segmentBlocks {
			return n*segmentBlocks + blocks, nil
		}
	}
}

// file opens a relation's nth file, or creates it.
func (s *Store) file(rel wal.RelFileLocator, fk wal.ForkNumber, n uint32, create bool) (*file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	which := part{fork{rel, fk}, n}
	if f := s.files[which]; f != nil || s.failed != nil {
		return f, s.failed
	}
	name, err := filePath(rel, fk, n)
	if err != nil {
		return nil, err
	}
	name = path.Join(s.dir, name)
	f, err := s.fs.OpenFile(name, os.O_RDWR, 0)
	if create && errors.Is(err, fs.ErrNotExist) {
		f, err = s.create(name)
	}
	if err != nil {
		return nil, fmt.Errorf("open relation %s: %w", rel, err)
	}
	s.files[which] = &file{File: f}
	return s.files[which], nil
}

func (s *Store) create(name string) (vfs.File, error) {
	dir := path.Dir(name)
	if err := s.fs.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s.dirs[dir], s.dirs[path.Dir(dir)] = struct{}{}, struct{}{}
	return s.fs.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
}

func offset(block uint32) int64 { return int64(block%segmentBlocks) * page.Size }

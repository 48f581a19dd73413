package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A Place is one page of a relation.
type Place struct {
	Rel   wal.RelFileLocator
	Fork  wal.ForkNumber
	Block uint32
}

func (p Place) String() string {
	return fmt.Sprintf("block %d of relation %s, fork %s", p.Block, p.Rel, p.Fork)
}

// VerifyAll reads every page of a data directory that nobody uses, from the disk and not from memory,
// and calls damaged for each that its checksum or header betrays; damaged decides by its own error
// whether to go on. A page that a crash left half added at a file's end is none. It returns how many
// pages it read.
func VerifyAll(fsys vfs.FS, dir string, damaged func(Place, error) error) (pages int64, err error) {
	databases, err := fsys.ReadDir(path.Join(dir, "base"))
	if err != nil {
		return 0, err
	}
	v := verifier{fs: fsys, damaged: damaged}
	for _, d := range databases {
		if db, err := strconv.ParseUint(d.Name(), 10, 32); err == nil && d.IsDir() {
			if err := v.directory(path.Join(dir, "base", d.Name()), wal.RelFileLocator{Spc: defaultTablespace, DB: uint32(db)}); err != nil {
				return v.pages, err
			}
		}
	}
	err = v.directory(path.Join(dir, "global"), wal.RelFileLocator{Spc: globalTablespace})
	return v.pages, err
}

type verifier struct {
	fs      vfs.FS
	damaged func(Place, error) error
	pages   int64
}

func (v *verifier) directory(dir string, of wal.RelFileLocator) error {
	entries, err := v.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		rel, fork, n, ok := parseFileName(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		of.Rel = rel
		if err := v.file(path.Join(dir, e.Name()), Place{of, fork, n * segmentBlocks}); err != nil {
			return err
		}
	}
	return nil
}

// file verifies one file, whose first page is at.
func (v *verifier) file(name string, at Place) error {
	f, err := v.fs.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := vfs.Forget(f); err != nil {
		return err
	}
	buf := make([]byte, 64*page.Size)
	for off := int64(0); ; off += int64(len(buf)) {
		n, err := f.ReadAt(buf, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s at %d: %w", name, off, err)
		}
		for p := buf[:n]; len(p) >= page.Size; p = p[page.Size:] {
			v.pages++
			if err := page.Verify(p[:page.Size], at.Block); err != nil {
				if err := v.damaged(at, err); err != nil {
					return err
				}
			}
			at.Block++
		}
		if err != nil || n < len(buf) {
			return nil
		}
	}
}

// parseFileName takes apart what filePath has put together, without the directory.
func parseFileName(name string) (rel uint32, fork wal.ForkNumber, n uint32, ok bool) {
	name, ext, numbered := strings.Cut(name, ".")
	if numbered {
		k, err := strconv.ParseUint(ext, 10, 15)
		if err != nil || k == 0 {
			return 0, 0, 0, false
		}
		n = uint32(k)
	}
	name, suffix, forked := strings.Cut(name, "_")
	for i, s := range forkSuffix {
		if i > 0 && forked && s == "_"+suffix {
			fork = wal.ForkNumber(i)
		}
	}
	k, err := strconv.ParseUint(name, 10, 32)
	if err != nil || forked && fork == wal.ForkMain {
		return 0, 0, 0, false
	}
	return uint32(k), fork, n, true
}

package waldump

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/redoubt-wal/redoubt/wal"
)

// makeEmpty makes a directory for page images. One that has something in it is refused.
func makeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("could not create directory %q: %w", dir, cause(err))
		}
		return nil
	case err != nil:
		return fmt.Errorf("could not access directory %q: %w", dir, cause(err))
	case len(entries) > 0:
		return fmt.Errorf("directory %q exists but is not empty", dir)
	}
	return nil
}

// saveFullPages writes each page image to a file TLI-LSNHI-LSNLO.SPC.DB.REL.BLOCK_FORK.
func (d *dump) saveFullPages(rec *wal.Record) error {
	for i := range rec.Blocks {
		b := &rec.Blocks[i]
		if !b.HasImage() {
			continue
		}
		if err := wal.RestoreImage(b, d.page[:]); err != nil {
			return fmt.Errorf("record at %s: %w", rec.LSN, err)
		}
		name := fmt.Sprintf("%08X-%08X-%08X.%d.%d.%d.%d_%s", uint32(d.r.Timeline()), uint32(rec.LSN>>32), uint32(rec.LSN), b.Rel.Spc, b.Rel.DB, b.Rel.Rel, b.Block, b.Fork)
		if err := os.WriteFile(filepath.Join(d.o.SaveFullPage, name), d.page[:], 0o600); err != nil {
			return fmt.Errorf("could not write file %q: %w", filepath.Join(d.o.SaveFullPage, name), cause(err))
		}
	}
	return nil
}

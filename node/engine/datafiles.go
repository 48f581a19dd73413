package engine

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/recovery"
)

// emptyInBackup are directories that a base backup has without their contents.
var emptyInBackup = map[string]bool{
	"pg_replslot": true, "pg_dynshmem": true, "pg_notify": true, "pg_serial": true, "pg_snapshots": true,
	"pg_stat_tmp": true, "pg_subtrans": true, statusDir: true,
}

// notInBackup are files that belong to this node and not to the cluster's data.
var notInBackup = map[string]bool{
	controlfile.Name: true, // comes last
	"postmaster.pid": true, "postmaster.opts": true, suspectName: true, unfinishedName: true,
	recovery.LabelName: true, recovery.LabelName + ".old": true, "backup_manifest": true,
	"standby.signal": true, "recovery.signal": true,
}

// DataFiles calls fn for each file that a base backup copies, pg_control last; paths are relative to
// the directory. A directory comes before its files, as its path with a slash at the end, size 0 and a
// nil open. Links are followed, and what is neither file nor directory is left out. Files change while they
// are copied: what is torn the log makes whole. Of pg_wal only the directories come.
func (e *Engine) DataFiles(ctx context.Context, fn func(path string, size int64, open func() (io.ReadCloser, error)) error) error {
	if err := e.eachDataFile(ctx, "", fn); err != nil {
		return err
	}
	return fn(controlfile.Name, controlfile.Size, func() (io.ReadCloser, error) { return e.openDataFile(controlfile.Name) })
}

func (e *Engine) eachDataFile(ctx context.Context, dir string, fn func(string, int64, func() (io.ReadCloser, error)) error) error {
	entries, err := e.o.FS.ReadDir(e.path(dir))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := path.Join(dir, entry.Name())
		info, err := e.o.FS.Stat(e.path(name)) // of what a link leads to: pg_wal is often one
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		switch {
		case info.IsDir():
			if err := fn(name+"/", 0, nil); err != nil {
				return err
			}
			if emptyInBackup[name] {
				continue
			}
			if err := e.eachDataFile(ctx, name, fn); err != nil {
				return err
			}
		case notInBackup[name], dir == walDir, strings.HasSuffix(name, ".tmp"), !info.Mode().IsRegular():
		default:
			if err := fn(name, info.Size(), func() (io.ReadCloser, error) { return e.openDataFile(name) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) openDataFile(name string) (io.ReadCloser, error) {
	f, err := e.o.FS.OpenFile(e.path(name), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err != nil {
		f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, 0, size), f}, nil
}

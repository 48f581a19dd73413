package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// WriteHistory writes a timeline's history file, durably. If one is there it must have these contents:
// a timeline is never given out twice.
func (l *Log) WriteHistory(tli wal.TimelineID, contents []byte) error {
	l.files.mu.Lock()
	defer l.files.mu.Unlock()
	name := wal.HistoryName(tli)
	old, err := l.ReadHistory(tli)
	if err == nil {
		if bytes.Equal(old, contents) {
			return l.o.FS.SyncDir(l.o.Dir) // who wrote it may have been killed before that
		}
		return fmt.Errorf("history file %s exists with other contents: timeline %d is taken", name, tli)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp := l.files.path(unfinished + "history")
	f, err := l.o.FS.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(contents, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		l.o.FS.Remove(tmp)
		return fmt.Errorf("write history file %s: %w", name, err)
	}
	return vfs.RenameDurably(l.o.FS, tmp, l.files.path(name))
}

// ReadHistory returns a timeline's history file; an error that is fs.ErrNotExist if there is none.
func (l *Log) ReadHistory(tli wal.TimelineID) ([]byte, error) {
	return vfs.ReadFile(l.o.FS, l.files.path(wal.HistoryName(tli)))
}

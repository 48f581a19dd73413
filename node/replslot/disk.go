package replslot

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Save makes what changed since the last Save durable. A checkpoint calls it before it asks for
// Oldest.
func (s *Slots) Save() error {
	s.disk.Lock()
	defer s.disk.Unlock()
	s.mu.Lock()
	var changed []Slot
	for _, sl := range s.byID {
		if sl.dirty && !sl.Temporary {
			changed = append(changed, sl.Slot)
		}
		sl.dirty = false
	}
	s.mu.Unlock()

	var errs []error
	for _, sl := range changed {
		err := vfs.WriteSector(s.opts.FS, s.statePath(sl.Name), encode(sl), 0o600) // what slots let go of may be the only room there will be
		s.mu.Lock()
		if now := s.byID[sl.Name]; err == nil {
			now.saved = sl.RestartLSN
		} else {
			now.dirty = true
			errs = append(errs, fmt.Errorf("save replication slot %q: %w", sl.Name, err))
		}
		s.mu.Unlock()
	}
	return errors.Join(errs...)
}

const stateFile = "state"

func (s *Slots) statePath(name string) string { return path.Join(s.opts.Dir, name, stateFile) }

func (s *Slots) makeDir(sl Slot) error {
	fsys, dir := s.opts.FS, path.Join(s.opts.Dir, sl.Name)
	err := fsys.MkdirAll(dir, 0o700)
	if err == nil {
		err = vfs.WriteFile(fsys, s.statePath(sl.Name), encode(sl), 0o600)
	}
	if err == nil {
		err = fsys.SyncDir(s.opts.Dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("create replication slot %q: %w", sl.Name, err), s.removeDir(dir))
	}
	return nil
}

// droppedSuffix ends the name of the directory of a slot that was dropped. No slot can be called so.
const droppedSuffix = ".tmp"

// dropDir gives the directory another name first, in one step: whatever fails, the slot is whole or gone.
// What is left of one that is gone the next start clears away, or the next slot of that name when it is
// dropped.
func (s *Slots) dropDir(name string) (gone bool, err error) {
	dir := path.Join(s.opts.Dir, name)
	err = s.removeDir(dir + droppedSuffix)
	if err == nil {
		err = s.opts.FS.Rename(dir, dir+droppedSuffix)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("drop replication slot %q: %w", name, err)
	}
	if err := s.opts.FS.SyncDir(s.opts.Dir); err != nil {
		return true, fmt.Errorf("replication slot %q was dropped, but may be back after a crash: %w", name, err)
	}
	_ = s.removeDir(dir + droppedSuffix)
	return true, nil
}

// removeDir removes a directory with its files, if it is there.
func (s *Slots) removeDir(dir string) error {
	entries, err := s.opts.FS.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		err = errors.Join(err, s.opts.FS.Remove(path.Join(dir, e.Name())))
	}
	if err == nil {
		err = s.opts.FS.Remove(dir)
	}
	if err == nil {
		err = s.opts.FS.SyncDir(s.opts.Dir)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

package replslot

import (
	"errors"
	"fmt"
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
		err := vfs.WriteFile(s.opts.FS, s.statePath(sl.Name), encode(sl), 0o600)
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

func (s *Slots) dropDir(name string) error {
	dir := path.Join(s.opts.Dir, name)
	err := s.opts.FS.Remove(s.statePath(name))
	if err == nil {
		err = s.opts.FS.SyncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("drop replication slot %q: %w", name, err)
	}
	return s.removeDir(dir)
}

// removeDir removes a directory with its files.
func (s *Slots) removeDir(dir string) error {
	entries, err := s.opts.FS.ReadDir(dir)
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

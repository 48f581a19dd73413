package replslot

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Options say where slots are kept.
type Options struct {
	FS  vfs.FS
	Dir string // pg_replslot
	Max int    // max_replication_slots; 0: no limit; negative: none
}

// Slots are a node's replication slots. Any goroutine may call its methods.
//
// On disk each is a directory with a file "state" (see encode); without it there is no slot. A temporary
// slot is in memory only and ends with its session. What a client has confirmed is written by Save, at
// checkpoints and while a logical stream goes on; creating, dropping and giving up are durable when the
// call returns.
type Slots struct {
	opts Options

	mu   sync.Mutex
	byID map[string]*slot
	disk sync.Mutex // held while the directory changes; taken before mu
}

type slot struct {
	Slot
	owner int32   // session of a temporary slot
	saved wal.LSN // RestartLSN on disk: what may be needed after a crash
	dirty bool
	going bool          // it is being dropped
	lost  chan struct{} // closed when the slot is given up while in use
	free  chan struct{} // closed when it is not in use any more, nor a session's own
}

// Open reads the slots in a directory, which it creates if need be. What a crash left half made
// or half removed is cleared away.
func Open(o Options) (*Slots, error) {
	s := &Slots{opts: o, byID: map[string]*slot{}}
	if err := errors.Join(o.FS.MkdirAll(o.Dir, 0o700), o.FS.SyncDir(path.Dir(o.Dir))); err != nil {
		return nil, fmt.Errorf("create directory of replication slots: %w", err)
	}
	entries, err := o.FS.ReadDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("list replication slots: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		st, err := s.read(e.Name())
		if err != nil {
			return nil, err
		}
		if st == nil || st.Ephemeral { // half made or half removed
			if err := s.removeDir(path.Join(o.Dir, e.Name())); err != nil {
				return nil, err
			}
			continue
		}
		s.byID[st.Name] = &slot{Slot: *st, saved: st.RestartLSN, free: make(chan struct{})}
	}
	return s, nil
}

// read reads a slot's directory; nil if there is no slot in it.
func (s *Slots) read(name string) (*Slot, error) {
	if strings.HasSuffix(name, droppedSuffix) {
		return nil, nil
	}
	raw, err := vfs.ReadFile(s.opts.FS, s.statePath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read replication slot %q: %w", name, err)
	}
	st, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("replication slot %q: %w; remove %s if the slot is not needed", name, err, path.Join(s.opts.Dir, name))
	}
	if st.Name != name {
		return nil, fmt.Errorf("replication slot %q: its file is of slot %q", name, st.Name)
	}
	return &st, nil
}

// Get returns a slot.
func (s *Slots) Get(name string) (Slot, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.byID[name]
	if sl == nil {
		return Slot{}, false
	}
	return sl.Slot, true
}

// List returns all slots by name.
func (s *Slots) List() []Slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Slot, 0, len(s.byID))
	for _, sl := range s.byID {
		list = append(list, sl.Slot)
	}
	slices.SortFunc(list, func(a, b Slot) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Oldest is the oldest log that any slot may need, also if the node crashes now; 0 if none needs any.
func (s *Slots) Oldest() wal.LSN {
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest wal.LSN
	for _, sl := range s.byID {
		if sl.saved != 0 && (oldest == 0 || sl.saved < oldest) {
			oldest = sl.saved
		}
	}
	return oldest
}

package replication

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A Slot is a replication slot as pg_replication_slots shows it.
type Slot struct {
	Name           string
	Temporary      bool
	Logical        bool
	Plugin         string  // of a logical slot
	RestartLSN     wal.LSN // the oldest log its client still needs; 0: reserves nothing
	ConfirmedFlush wal.LSN // of a logical slot
	InvalidatedAt  wal.LSN // what RestartLSN was when the slot was given up; 0: it was not
	ActivePID      int32   // 0: nobody uses it
}

// SlotsOptions say where slots are kept.
type SlotsOptions struct {
	FS  vfs.FS
	Dir string // pg_replslot
	Max int    // max_replication_slots; 0: no limit
}

// Slots are a node's replication slots. Any goroutine may call its methods.
//
// On disk each is a directory with a file "state" (see encodeSlot); without it there is no slot. A temporary slot is in memory
// only and ends with its session. What a client has confirmed is written by Save, at checkpoints and
// while a logical stream goes on; creating, dropping and giving up are durable when the call returns.
type Slots struct {
	opts SlotsOptions

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
	free  chan struct{} // closed when it is not in use any more
}

// OpenSlots reads the slots in a directory, which it creates if need be. What a crash left half made
// or half removed is cleared away.
func OpenSlots(o SlotsOptions) (*Slots, error) {
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
		dir := path.Join(o.Dir, e.Name())
		raw, err := vfs.ReadFile(o.FS, path.Join(dir, slotState))
		if errors.Is(err, fs.ErrNotExist) { // half made or half removed
			if err := s.removeDir(dir); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read replication slot %q: %w", e.Name(), err)
		}
		st, err := decodeSlot(raw)
		if err != nil {
			return nil, fmt.Errorf("replication slot %q: %w; remove %s if the slot is not needed", e.Name(), err, dir)
		}
		if st.Name != e.Name() {
			return nil, fmt.Errorf("replication slot %q: its file is of slot %q", e.Name(), st.Name)
		}
		s.byID[st.Name] = &slot{Slot: st, saved: st.RestartLSN}
	}
	return s, nil
}

// ValidSlotName tells why a name cannot be a slot's, with SQLSTATE.
func ValidSlotName(name string) error {
	switch {
	case name == "":
		return &rmgr.Error{Code: "42602", Message: `replication slot name "" is too short`}
	case len(name) > 63:
		return &rmgr.Error{Code: "42622", Message: fmt.Sprintf("replication slot name %q is too long", name)}
	}
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_') {
			return &rmgr.Error{
				Code:    "42602",
				Message: fmt.Sprintf("replication slot name %q contains invalid character", name),
				Hint:    "Replication slot names may only contain lower case letters, numbers, and the underscore character.",
			}
		}
	}
	return nil
}

// Create makes a slot. A temporary one belongs to session pid; Slots.EndSession drops it. Of the
// argument Name, Temporary, Logical, Plugin, RestartLSN and ConfirmedFlush count.
func (s *Slots) Create(want Slot, pid int32) error {
	if err := ValidSlotName(want.Name); err != nil {
		return err
	}
	s.disk.Lock()
	defer s.disk.Unlock()
	s.mu.Lock()
	_, taken := s.byID[want.Name]
	count := len(s.byID)
	s.mu.Unlock()
	if taken {
		return &rmgr.Error{Code: "42710", Message: fmt.Sprintf("replication slot %q already exists", want.Name)}
	}
	if s.opts.Max > 0 && count >= s.opts.Max {
		return &rmgr.Error{
			Code: "53400", Message: "all replication slots are in use",
			Hint: "Free one or increase max_replication_slots.",
		}
	}
	sl := &slot{Slot: want, saved: want.RestartLSN}
	sl.InvalidatedAt, sl.ActivePID = 0, 0
	if want.Temporary {
		sl.owner = pid
	} else if err := s.makeDir(want); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[want.Name] = sl
	return nil
}

// Drop removes a slot. One that is in use is refused, or waited for if wait is not nil and until it
// is closed.
func (s *Slots) Drop(name string, pid int32, wait <-chan struct{}) error {
	for {
		free, err := s.drop(name, pid)
		if free == nil || wait == nil {
			return err
		}
		select {
		case <-free:
		case <-wait:
			return err
		}
	}
}

func (s *Slots) drop(name string, pid int32) (inUse <-chan struct{}, err error) {
	s.disk.Lock()
	defer s.disk.Unlock()
	s.mu.Lock()
	sl, err := s.usable(name, pid)
	if err != nil {
		if sl != nil {
			inUse = sl.free
		}
		s.mu.Unlock()
		return inUse, err
	}
	sl.going = true // nobody takes it while its files go
	s.mu.Unlock()

	if !sl.Temporary {
		err = s.dropDir(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		sl.going = false
		return nil, err
	}
	delete(s.byID, name)
	return nil, nil
}

// usable finds a slot that pid may take. With the error "active" the slot comes as well.
func (s *Slots) usable(name string, pid int32) (*slot, error) {
	sl := s.byID[name]
	if sl == nil || sl.going {
		return nil, &rmgr.Error{Code: "42704", Message: fmt.Sprintf("replication slot %q does not exist", name)}
	}
	other := sl.ActivePID
	if other == 0 && sl.owner != pid {
		other = sl.owner
	}
	if other != 0 {
		return sl, &rmgr.Error{Code: "55006", Message: fmt.Sprintf("replication slot %q is active for PID %d", name, other)}
	}
	return sl, nil
}

// Acquire takes a slot for a session that streams from it. lost is closed when the slot is given up
// meanwhile: the stream must end. Release it.
func (s *Slots) Acquire(name string, pid int32) (sl Slot, lost <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.usable(name, pid)
	if err != nil {
		return Slot{}, nil, err
	}
	if found.InvalidatedAt != 0 {
		return Slot{}, nil, errInvalidated(name)
	}
	found.ActivePID = pid
	found.lost, found.free = make(chan struct{}), make(chan struct{})
	return found.Slot, found.lost, nil
}

func errInvalidated(name string) error {
	return &rmgr.Error{
		Code:    "55000",
		Message: fmt.Sprintf("can no longer get changes from replication slot %q", name),
		Detail:  "This slot has been invalidated because it exceeded the maximum reserved size.",
		Hint:    "Drop the slot and copy the client anew: the log it needs is gone.",
	}
}

// Release ends an Acquire.
func (s *Slots) Release(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl := s.byID[name]; sl != nil && sl.ActivePID != 0 {
		sl.ActivePID = 0
		close(sl.free)
	}
}

// EndSession drops the temporary slots of a session.
func (s *Slots) EndSession(pid int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, sl := range s.byID {
		if sl.Temporary && sl.owner == pid {
			delete(s.byID, name)
		}
	}
}

// Advance notes what a physical slot's client has confirmed as durable. It never goes back.
func (s *Slots) Advance(name string, flushed wal.LSN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl := s.byID[name]; sl != nil && !sl.Logical && sl.InvalidatedAt == 0 && flushed > sl.RestartLSN {
		sl.RestartLSN, sl.dirty = flushed, true
		if sl.Temporary {
			sl.saved = flushed
		}
	}
}

// Confirm notes what a logical slot's client has confirmed, and the oldest log that decoding from
// there needs. Neither goes back.
func (s *Slots) Confirm(name string, confirmed, restart wal.LSN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.byID[name]
	if sl == nil || !sl.Logical || sl.InvalidatedAt != 0 {
		return
	}
	if confirmed <= sl.ConfirmedFlush && restart <= sl.RestartLSN {
		return
	}
	sl.ConfirmedFlush = max(sl.ConfirmedFlush, confirmed)
	sl.RestartLSN = max(sl.RestartLSN, restart)
	sl.dirty = true
	if sl.Temporary {
		sl.saved = sl.RestartLSN
	}
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

// GiveUp invalidates the slots that need log from before before: their streams end, they hold back
// nothing and can only be dropped. It returns their names. Durable on return.
func (s *Slots) GiveUp(before wal.LSN) ([]string, error) {
	s.mu.Lock()
	var names []string
	for name, sl := range s.byID {
		if sl.RestartLSN != 0 && sl.RestartLSN < before {
			sl.InvalidatedAt, sl.RestartLSN, sl.dirty = sl.RestartLSN, 0, true
			if sl.Temporary {
				sl.saved = 0
			}
			if sl.ActivePID != 0 {
				close(sl.lost)
			}
			names = append(names, name)
		}
	}
	s.mu.Unlock()
	slices.Sort(names)
	if len(names) == 0 {
		return nil, nil
	}
	return names, s.Save()
}

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
		err := vfs.WriteFile(s.opts.FS, s.statePath(sl.Name), encodeSlot(sl), 0o600)
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

const slotState = "state"

func (s *Slots) statePath(name string) string { return path.Join(s.opts.Dir, name, slotState) }

func (s *Slots) makeDir(sl Slot) error {
	fsys, dir := s.opts.FS, path.Join(s.opts.Dir, sl.Name)
	err := fsys.MkdirAll(dir, 0o700)
	if err == nil {
		err = vfs.WriteFile(fsys, s.statePath(sl.Name), encodeSlot(sl), 0o600)
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

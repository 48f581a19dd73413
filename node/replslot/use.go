package replslot

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// usable finds a slot that pid may take. With the error "active" the slot comes as well.
func (s *Slots) usable(name string, pid int32) (*slot, error) {
	sl := s.byID[name]
	if sl == nil || sl.going {
		return nil, errNoSlot(name)
	}
	if sl.Ephemeral && sl.ActivePID == pid {
		return sl, nil
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

func errNoSlot(name string) error {
	return &rmgr.Error{Code: "42704", Message: fmt.Sprintf("replication slot %q does not exist", name)}
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
		return Slot{}, nil, ErrInvalidated(name)
	}
	found.ActivePID, found.lost = pid, make(chan struct{})
	return found.Slot, found.lost, nil
}

// Release ends an Acquire.
func (s *Slots) Release(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl := s.byID[name]; sl != nil && sl.ActivePID != 0 {
		sl.release()
	}
}

// release ends a use. A temporary slot stays its session's.
func (sl *slot) release() {
	sl.ActivePID = 0
	if sl.owner == 0 {
		close(sl.free)
		sl.free = make(chan struct{})
	}
}

// EndSession drops the temporary slots of a session.
func (s *Slots) EndSession(pid int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, sl := range s.byID {
		if sl.Temporary && sl.owner == pid {
			delete(s.byID, name)
			close(sl.free)
		}
	}
}

package replslot

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// Create makes a slot. A temporary one belongs to session pid; Slots.EndSession drops it. An ephemeral
// one is in use by pid until Persist, or until pid drops it. Of the argument Name, Temporary, Ephemeral,
// Logical, Plugin, RestartLSN and ConfirmedFlush count.
func (s *Slots) Create(want Slot, pid int32) error {
	if err := ValidName(want.Name); err != nil {
		return err
	}
	if s.opts.Max < 0 {
		return &rmgr.Error{Code: "55000", Message: "replication slots can only be used if max_replication_slots > 0"}
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
	sl := &slot{Slot: want, saved: want.RestartLSN, free: make(chan struct{})}
	sl.InvalidatedAt, sl.ActivePID = 0, 0
	if want.Ephemeral {
		sl.ActivePID, sl.lost = pid, make(chan struct{})
	}
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

	gone := true
	if !sl.Temporary {
		gone, err = s.dropDir(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !gone {
		sl.going = false
		return nil, err
	}
	delete(s.byID, name)
	close(sl.free)
	return nil, err
}

// Persist ends the making of an ephemeral slot: it stays, and anybody may use it. Durable on return; after
// an error it is as it was.
func (s *Slots) Persist(name string) error {
	s.mu.Lock()
	sl := s.byID[name]
	switch {
	case sl == nil:
		s.mu.Unlock()
		return errNoSlot(name)
	case sl.InvalidatedAt != 0:
		s.mu.Unlock()
		return ErrInvalidated(name)
	}
	was := sl.Ephemeral
	sl.Ephemeral, sl.dirty = false, true
	s.mu.Unlock()
	err := s.Save()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		sl.Ephemeral = was
		return err
	}
	if was {
		sl.release()
	}
	return nil
}

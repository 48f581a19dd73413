package replslot

import (
	"slices"

	"github.com/redoubt-wal/redoubt/wal"
)

// Advance notes what a physical slot's client has confirmed as durable. It never goes back.
func (s *Slots) Advance(name string, flushed wal.LSN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl := s.byID[name]; sl != nil && !sl.Logical && sl.InvalidatedAt == 0 && flushed > sl.RestartLSN {
		sl.RestartLSN, sl.dirty = flushed, true
		if sl.Temporary || sl.saved == 0 { // what was not held back before is from now on
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

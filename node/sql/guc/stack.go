package guc

import (
	"maps"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Stack is the settings of one session: base is what RESET goes back to, local ends with the transaction.
type Stack struct {
	base, values, local map[string]string
	before              map[string]string // values at the block's start, if they changed in it
}

// Get is the value of a setting that the session has changed, or its startup packet.
func (s *Stack) Get(name string) (string, bool) {
	for _, m := range []map[string]string{s.local, s.values, s.base} {
		if v, ok := m[name]; ok {
			return v, true
		}
	}
	return "", false
}

// Put sets a value for the session, or for the transaction if local. inBlock keeps what ROLLBACK
// goes back to. What does not fit into a session is refused.
func (s *Stack) Put(name, value string, local, inBlock bool) *rmgr.Error {
	if len(value) > maxSetting {
		return tooLong(name)
	}
	if _, known := s.Get(name); !known && len(s.values)+len(s.local) >= maxSettings {
		return errorf(codeProgramLimit, "a session can have at most %d settings of its own", maxSettings)
	}
	if local {
		if s.local == nil {
			s.local = map[string]string{}
		}
		s.local[name] = value
		return nil
	}
	s.keep(inBlock)
	delete(s.local, name)
	if s.values == nil {
		s.values = map[string]string{}
	}
	s.values[name] = value
	return nil
}

// What a session may keep in settings is bounded.
const (
	maxSetting  = 16 << 10
	maxSettings = 1000
)

func tooLong(name string) *rmgr.Error {
	return errorf(codeInvalidValue, "the value of \"%s\" is longer than %d bytes", name, maxSetting)
}

func (s *Stack) keep(inBlock bool) {
	if inBlock && s.before == nil {
		s.before = map[string]string{}
		maps.Copy(s.before, s.values)
	}
}

// Reset goes back to the start value; "" is ALL.
func (s *Stack) Reset(name string, inBlock bool) {
	s.keep(inBlock)
	if name == "" {
		s.values, s.local = nil, nil
		return
	}
	delete(s.values, name)
	delete(s.local, name)
}

// Begin makes the settings so far what RESET goes back to: those of the startup packet.
func (s *Stack) Begin() {
	s.base = s.values
	s.values = nil
}

// End is what the end of a transaction does to settings.
func (s *Stack) End(committed bool) {
	if !committed && s.before != nil {
		s.values = s.before
	}
	s.local, s.before = nil, nil
}

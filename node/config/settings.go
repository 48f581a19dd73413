package config

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Settings are the values in force. Its methods may be called from any goroutine.
type Settings struct {
	options  []Assignment      // of the command line: they win over the file, also on reload
	defaults map[string]string // of this machine, by lower-case name: they win over the list's

	mu      sync.RWMutex
	values  map[string]string // canonical, by lower-case name
	sources map[string]string
	pending map[string]string // configured, but waiting for a restart

	generation atomic.Uint64
}

// Generation changes after each change of a value in force, so that who keeps what it read knows when to
// read again.
func (s *Settings) Generation() uint64 { return s.generation.Load() }

// Defaults are the settings of an empty file.
func Defaults() *Settings {
	s, err := Load("", nil)
	if err != nil {
		panic(err) // a default of the list is not acceptable to its own setting
	}
	return s
}

// Load reads a file's contents and the command line's options (name=value) over it.
func Load(name string, file []byte, options ...string) (*Settings, error) {
	s := &Settings{}
	for _, o := range options {
		a, err := ParseOption(o)
		if err != nil {
			return nil, err
		}
		s.options = append(s.options, a)
	}
	values, sources, err := s.resolve(name, file)
	if err != nil {
		return nil, err
	}
	s.values, s.sources, s.pending = values, sources, map[string]string{}
	return s, nil
}

// resolve computes what a start with this file would bring.
func (s *Settings) resolve(name string, file []byte) (values, sources map[string]string, err error) {
	assignments, err := ParseFile(name, file)
	if err != nil {
		return nil, nil, err
	}
	values, sources = map[string]string{}, map[string]string{}
	for i := range list {
		v, err := list[i].canonical(list[i].Default)
		if err != nil {
			return nil, nil, fmt.Errorf("default: %w", err)
		}
		values[strings.ToLower(list[i].Name)] = v
	}
	maps.Copy(values, s.defaults)
	for _, a := range append(assignments, s.options...) {
		setting, v, err := check(a)
		if err != nil {
			return nil, nil, err
		}
		values[strings.ToLower(setting.Name)] = v
		sources[strings.ToLower(setting.Name)] = a.Where
	}
	return values, sources, nil
}

// check finds the setting that a names and brings its value to the canonical form.
func check(a Assignment) (*Setting, string, error) {
	setting, ok := Lookup(a.Name)
	if !ok {
		return nil, "", &Error{a.Where, fmt.Sprintf("unrecognized configuration parameter %q", a.Name)}
	}
	if setting.Context == Internal {
		return nil, "", &Error{a.Where, fmt.Sprintf("parameter %q cannot be changed", setting.Name)}
	}
	if setting.NotInFile {
		return nil, "", &Error{a.Where, fmt.Sprintf("parameter %q cannot be changed; set %q", setting.Name, "default_"+setting.Name)}
	}
	v, err := setting.canonical(a.Value)
	if err != nil {
		return nil, "", &Error{a.Where, err.Error()}
	}
	return setting, v, nil
}

// A Change is a setting with another configured value than before.
type Change struct {
	Name     string
	Old, New string // as SHOW prints them
	Restart  bool   // it waits for a restart
}

// Reload reads the file again. On an error, one of acceptable for a value as well, nothing has changed.
// acceptable knows more of a setting than this package does; nil: it has no objection.
func (s *Settings) Reload(name string, file []byte, acceptable func(name, value string) error) ([]Change, error) {
	values, sources, err := s.resolve(name, file)
	if err != nil {
		return nil, err
	}
	for key, value := range values {
		if acceptable == nil {
			break
		}
		if err := acceptable(key, value); err != nil {
			return nil, &Error{sources[key], fmt.Sprintf("invalid value for parameter %q: %v", key, err)}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.generation.Add(1)
	var changes []Change
	for i := range list {
		setting := &list[i]
		key := strings.ToLower(setting.Name)
		if setting.Context == Internal {
			continue
		}
		was, is := s.values[key], values[key]
		delete(s.pending, key)
		if was == is {
			continue
		}
		c := Change{Name: setting.Name, Old: setting.show(was), New: setting.show(is), Restart: setting.Context == Restart}
		if c.Restart {
			s.pending[key] = is
		} else {
			s.values[key] = is
			s.sources[key] = sources[key]
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// Pending lists what waits for a restart.
func (s *Settings) Pending() []Change {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Change
	for i := range list {
		key := strings.ToLower(list[i].Name)
		if v, ok := s.pending[key]; ok {
			out = append(out, Change{list[i].Name, list[i].show(s.values[key]), list[i].show(v), true})
		}
	}
	return out
}

// SetDefault gives a setting that nothing configures a value that is a fact of this machine, as the
// host's name. Before the settings are shared, and not twice.
func (s *Settings) SetDefault(name, value string) error {
	if err := s.Set(name, value); err != nil {
		return err
	}
	if s.defaults == nil {
		s.defaults = map[string]string{}
	}
	s.defaults[strings.ToLower(name)] = s.values[strings.ToLower(name)]
	return nil
}

// Set puts a value in force, as a fact found at start (Internal settings) or a command does.
func (s *Settings) Set(name, value string) error {
	setting, ok := Lookup(name)
	if !ok {
		return &Error{"set", fmt.Sprintf("unrecognized configuration parameter %q", name)}
	}
	v, err := setting.canonical(value)
	if err != nil {
		return &Error{"set", err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.generation.Add(1)
	s.values[strings.ToLower(setting.Name)] = v
	return nil
}

// get returns a canonical value; asking for a setting that is not in the list is a programmer's
// mistake.
func (s *Settings) get(name string, kinds ...Kind) (*Setting, string) {
	setting, ok := Lookup(name)
	if !ok {
		panic("config: no setting " + name)
	}
	for _, k := range kinds {
		if setting.Kind == k {
			s.mu.RLock()
			defer s.mu.RUnlock()
			return setting, s.values[strings.ToLower(name)]
		}
	}
	panic("config: setting " + name + " is of another type")
}

// Bool returns a Bool setting.
func (s *Settings) Bool(name string) bool {
	_, v := s.get(name, Bool)
	return v == "on"
}

// Int returns an Int setting in its unit.
func (s *Settings) Int(name string) int64 {
	_, v := s.get(name, Int)
	n, _ := strconv.ParseInt(v, 10, 64)
	return n
}

// Bytes returns an Int setting that measures memory, in bytes; -1 stays -1.
func (s *Settings) Bytes(name string) int64 {
	setting, v := s.get(name, Int)
	n, _ := strconv.ParseInt(v, 10, 64)
	if n < 0 {
		return n
	}
	_, one, _ := setting.Unit.scales()
	return n * int64(one)
}

// Duration returns an Int setting that measures time.
func (s *Settings) Duration(name string) time.Duration {
	setting, v := s.get(name, Int)
	n, _ := strconv.ParseInt(v, 10, 64)
	_, one, _ := setting.Unit.scales()
	return time.Duration(n) * time.Duration(one) * time.Microsecond
}

// Real returns a Real setting.
func (s *Settings) Real(name string) float64 {
	_, v := s.get(name, Real)
	f, _ := strconv.ParseFloat(v, 64)
	return f
}

// String returns a String or Enum setting.
func (s *Settings) String(name string) string {
	_, v := s.get(name, String, Enum)
	return v
}

// Source says where the value in force came from; "" is the default.
func (s *Settings) Source(name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sources[strings.ToLower(name)]
}

// Show prints a setting as SHOW does.
func (s *Settings) Show(name string) (string, bool) {
	setting, ok := Lookup(name)
	if !ok {
		return "", false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return setting.show(s.values[strings.ToLower(setting.Name)]), true
}

// Canonical checks a value that a session wants to set (SET, startup options) and returns it as
// SHOW would print it. It reports whether a session may set it at all.
func Canonical(name, value string) (shown string, settable bool, err error) {
	setting, ok := Lookup(name)
	if !ok {
		return "", false, fmt.Errorf("unrecognized configuration parameter %q", name)
	}
	v, err := setting.canonical(value)
	if err != nil {
		return "", setting.Context == Session, err
	}
	return setting.show(v), setting.Context == Session, nil
}

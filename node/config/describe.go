package config

import (
	"strconv"
	"strings"
)

// A Description is a setting as pg_settings shows it.
type Description struct {
	*Setting
	Value     string // as pg_settings.setting has it: a number counts its unit
	Shown     string // as SHOW prints it
	BootValue string
	Source    string // default, configuration file, command line or override, in PostgreSQL's words
	File      string // of a configuration file
	Line      int
	Pending   bool // another value waits for a restart
}

// Describe lists all settings, by name, with their values in force.
func (s *Settings) Describe() []Description {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Description, 0, len(list))
	for i := range list {
		setting := &list[i]
		key := strings.ToLower(setting.Name)
		boot, _ := setting.canonical(setting.Default) // a default is good: see Defaults
		_, pending := s.pending[key]
		d := Description{Setting: setting, Value: s.values[key], Shown: setting.show(s.values[key]), BootValue: boot, Source: "default", Pending: pending}
		where := s.sources[key]
		switch file, line, found := place(where); {
		case found:
			d.Source, d.File, d.Line = "configuration file", file, line
		case where != "":
			d.Source = "command line"
		case d.Value != boot:
			d.Source = "override" // found at start or set by a command
		}
		out = append(out, d)
	}
	return out
}

// place takes file and line out of where an assignment stood, "redoubt.conf line 3"; found is false for
// an option.
func place(where string) (file string, line int, found bool) {
	file, number, found := strings.Cut(where, " line ")
	if !found {
		return "", 0, false
	}
	line, err := strconv.Atoi(number)
	return file, line, err == nil
}

// TypeWord is the setting's type as pg_settings.vartype names it.
func (s *Setting) TypeWord() string {
	return [...]string{Bool: "bool", Int: "integer", Real: "real", String: "string", Enum: "enum"}[s.Kind]
}

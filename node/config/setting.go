package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kind is the type of a setting.
type Kind int

const (
	Bool Kind = iota
	Int
	Real
	String
	Enum
)

// Unit is what an integer setting counts.
type Unit int

const (
	NoUnit Unit = iota
	Bytes
	Kilobytes
	Blocks8kB
	Megabytes
	Milliseconds
	Seconds
	Minutes
)

// Context says when a new value comes into force, in PostgreSQL's words of pg_settings.context.
type Context string

const (
	Internal Context = "internal"   // never: it is a fact about the data directory or the build
	Restart  Context = "postmaster" // at the next start
	Reload   Context = "sighup"     // at the next reload
	Session  Context = "user"       // by SET, for one session; the file gives the default
)

// A Setting describes one parameter.
type Setting struct {
	Name     string
	Kind     Kind
	Unit     Unit
	Min, Max int64    // of an Int, in its unit; of a Real as whole numbers
	Default  string   // as it would stand in the file
	Values   []string // of an Enum
	Context  Context
	Short    string // one sentence

	// NotInFile: it belongs to a transaction; its default is another setting.
	NotInFile bool

	// Check refuses a String, or a Bool as on or off, that Kind alone would accept.
	Check func(value string) error
}

// boolWords are the spellings PostgreSQL accepts, by value; unique prefixes count as well.
var boolWords = []struct {
	word  string
	value bool
}{{"true", true}, {"false", false}, {"yes", true}, {"no", false}, {"on", true}, {"off", false}}

func parseBool(s string) (bool, bool) {
	low := strings.ToLower(s)
	switch low {
	case "1":
		return true, true
	case "0":
		return false, true
	case "", "o":
		return false, false
	}
	for _, w := range boolWords {
		if strings.HasPrefix(w.word, low) {
			return w.value, true
		}
	}
	return false, false
}

// A scale is one unit word with its size in the smallest unit of its family.
type scale struct {
	word string
	size float64
}

var (
	memoryScales = []scale{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}}
	timeScales   = []scale{{"d", 86400e6}, {"h", 3600e6}, {"min", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1}}
)

const (
	memoryHint = `Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`
	timeHint   = `Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`
)

// scales gives the unit words that fit u and the size of one u.
func (u Unit) scales() (words []scale, one float64, hint string) {
	switch u {
	case Bytes:
		return memoryScales, 1, memoryHint
	case Kilobytes:
		return memoryScales, 1 << 10, memoryHint
	case Blocks8kB:
		return memoryScales, 8192, memoryHint
	case Megabytes:
		return memoryScales, 1 << 20, memoryHint
	case Milliseconds:
		return timeScales, 1e3, timeHint
	case Seconds:
		return timeScales, 1e6, timeHint
	case Minutes:
		return timeScales, 60e6, timeHint
	}
	return nil, 1, ""
}

// Word is the unit as pg_settings names it.
func (u Unit) Word() string {
	return [...]string{"", "B", "kB", "8kB", "MB", "ms", "s", "min"}[u]
}

// A valueError says why a value was refused; the caller adds where it stood.
type valueError struct{ message, hint string }

func (e *valueError) Error() string {
	if e.hint == "" {
		return e.message
	}
	return e.message + "; " + e.hint
}

// canonical checks a value and brings it to the one form that is stored: a Bool as on or off, an
// Int as a whole number of its unit, an Enum in its own spelling.
func (s *Setting) canonical(value string) (string, error) {
	invalid := func(hint string) error {
		return &valueError{fmt.Sprintf("invalid value for parameter %q: %q", s.Name, value), hint}
	}
	switch s.Kind {
	case Bool:
		b, ok := parseBool(value)
		if !ok {
			return "", &valueError{fmt.Sprintf("parameter %q requires a Boolean value, not %q", s.Name, value), "on or off"}
		}
		if s.Check != nil {
			if err := s.Check(onOff(b)); err != nil {
				return "", invalid(err.Error())
			}
		}
		return onOff(b), nil
	case Int:
		n, hint, ok := parseInt(value, s.Unit)
		if !ok {
			if hint == "" {
				hint = fmt.Sprintf("a whole number from %d to %d", s.Min, s.Max)
			}
			return "", invalid(hint)
		}
		if n < float64(s.Min) || n > float64(s.Max) {
			unit := s.Unit.Word()
			if unit != "" {
				unit = " " + unit
			}
			return "", &valueError{message: fmt.Sprintf("%s%s is outside the valid range for parameter %q (%d .. %d%s)",
				strconv.FormatFloat(n, 'f', -1, 64), unit, s.Name, s.Min, s.Max, unit)}
		}
		return strconv.FormatInt(int64(n), 10), nil
	case Real:
		f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || math.IsNaN(f) {
			return "", invalid("a number")
		}
		if f < float64(s.Min) || f > float64(s.Max) {
			return "", &valueError{message: fmt.Sprintf("%g is outside the valid range for parameter %q (%d .. %d)", f, s.Name, s.Min, s.Max)}
		}
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	case Enum:
		if i := slices.IndexFunc(s.Values, func(v string) bool { return strings.EqualFold(v, value) }); i >= 0 {
			return s.Values[i], nil
		}
		if slices.Contains(s.Values, "on") && slices.Contains(s.Values, "off") {
			if b, ok := parseBool(value); ok {
				return onOff(b), nil
			}
		}
		return "", invalid("Available values: " + strings.Join(s.Values, ", ") + ".")
	default:
		if s.Check != nil {
			if err := s.Check(value); err != nil {
				return "", invalid(err.Error())
			}
		}
		return value, nil
	}
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// parseInt reads a number with an optional unit, in u; fractions are rounded as PostgreSQL does.
func parseInt(value string, u Unit) (n float64, hint string, ok bool) {
	v := strings.TrimSpace(value)
	end := len(v)
	for end > 0 && (v[end-1] >= 'a' && v[end-1] <= 'z' || v[end-1] >= 'A' && v[end-1] <= 'Z') {
		end--
	}
	number, word := strings.TrimSpace(v[:end]), v[end:]
	if strings.HasPrefix(strings.ToLower(strings.TrimLeft(v, "+-")), "0x") {
		number, word = v, ""
	}
	words, one, unitHint := u.scales()
	if i, err := strconv.ParseInt(number, 0, 64); err == nil {
		n = float64(i)
	} else if f, err := strconv.ParseFloat(number, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		n = f
	} else {
		return 0, "", false
	}
	if word != "" {
		i := slices.IndexFunc(words, func(s scale) bool { return s.word == word })
		if i < 0 {
			return 0, unitHint, false
		}
		n = n * words[i].size / one
	}
	return math.RoundToEven(n), "", true
}

// show prints a canonical value as SHOW does: the largest unit that divides it.
func (s *Setting) show(canonical string) string {
	if s.Kind != Int || s.Unit == NoUnit {
		return canonical
	}
	n, err := strconv.ParseInt(canonical, 10, 64)
	if err != nil || n <= 0 {
		return canonical
	}
	words, one, _ := s.Unit.scales()
	small := n * int64(one)
	for _, w := range words {
		if size := int64(w.size); small%size == 0 {
			return strconv.FormatInt(small/size, 10) + w.word
		}
	}
	return canonical
}

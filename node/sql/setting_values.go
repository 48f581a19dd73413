package sql

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// The functions here check a setting's value and give it its usual spelling. {name} in a message
// becomes the setting's name.

func badValue(value string) *Error {
	return errorf(codeInvalidValue, "invalid value for parameter {name}: \"%s\"", value)
}

func oneOf(words ...string) func(string) (string, *Error) {
	return func(value string) (string, *Error) {
		if w := strings.ToLower(strings.TrimSpace(value)); slices.Contains(words, w) {
			return w, nil
		}
		return "", badValue(value).hint("Available values: %s.", strings.Join(words, ", "))
	}
}

// only takes the one value that a node knows.
func only(word, why string) func(string) (string, *Error) {
	return func(value string) (string, *Error) {
		if strings.EqualFold(value, word) {
			return word, nil
		}
		if on, err := onOff(value); err == nil && on == word {
			return word, nil
		}
		return "", errorf(codeNotSupported, "parameter {name} can only be %s", word).hint("%s", why)
	}
}

func onOff(value string) (string, *Error) {
	b, err := datum.ParseText(rmgr.Bool, value)
	if err != nil {
		return "", errorf(codeInvalidValue, "parameter {name} requires a Boolean value")
	}
	return onOffWord(b.(bool)), nil
}

// CommitLevels are the values of synchronous_commit, from the weakest promise to the strongest.
var CommitLevels = []string{"off", "local", "remote_write", "on", "remote_apply"}

func commitLevel(value string) (string, *Error) {
	if w := strings.ToLower(value); slices.Contains(CommitLevels, w) {
		return w, nil
	}
	if w, err := onOff(value); err == nil {
		return w, nil
	}
	return "", badValue(value).hint("Available values: local, remote_write, remote_apply, on, off.")
}

func encoding(value string) (string, *Error) {
	switch strings.ToUpper(strings.ReplaceAll(value, "-", "")) {
	case "UTF8", "UNICODE":
		return "UTF8", nil
	case "SQL_ASCII":
		return "SQL_ASCII", nil
	}
	return "", badValue(value).hint("Available values: UTF8, SQL_ASCII.")
}

func timeZone(value string) (string, *Error) {
	switch strings.ToUpper(value) {
	case "UTC", "GMT", "ETC/UTC", "ETC/GMT", "ZULU", "UCT", "0", "+00", "+00:00":
		return "UTC", nil
	}
	return "", badValue(value).hint("Timestamps are always shown in UTC.")
}

// dateStyle takes any order of day and month, and of the ways to show a date only ISO.
func dateStyle(value string) (string, *Error) {
	order := "MDY"
	for _, word := range strings.Split(strings.ToUpper(value), ",") {
		switch word = strings.TrimSpace(word); word {
		case "ISO", "DEFAULT":
		case "MDY", "US", "NONEURO", "NONEUROPEAN":
			order = "MDY"
		case "DMY", "EURO", "EUROPEAN":
			order = "DMY"
		case "YMD":
			order = word
		case "SQL", "POSTGRES", "GERMAN":
			return "", errorf(codeNotSupported, "parameter {name} can only be ISO")
		default:
			return "", badValue(value)
		}
	}
	return "ISO, " + order, nil
}

func isolation(value string) (string, *Error) {
	return oneOf("serializable", "repeatable read", "read committed", "read uncommitted")(value)
}

func number(from, to int64) func(string) (string, *Error) {
	return func(value string) (string, *Error) {
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32)
		switch {
		case err != nil:
			return "", badValue(value)
		case n < from || n > to:
			return "", errorf(codeInvalidValue, "%d is outside the valid range for parameter {name} (%d .. %d)", n, from, to)
		}
		return strconv.FormatInt(n, 10), nil
	}
}

// asciiName is for application_name: at most 63 bytes, printable ASCII.
func asciiName(value string) (string, *Error) {
	ascii := []byte(value)
	for i, c := range ascii {
		if c < ' ' || c > '~' {
			ascii[i] = '?'
		}
	}
	return string(ascii[:min(len(ascii), 63)]), nil
}

type durationUnit struct {
	unit string
	ms   float64
}

var durationUnits = []durationUnit{{"us", 0.001}, {"ms", 1}, {"min", 60_000}, {"s", 1000}, {"h", 3600_000}, {"d", 24 * 3600_000}, {"", 1}}

// shownDuration is a number of milliseconds as SHOW has it, in the largest unit that divides it.
func shownDuration(ms string) string {
	n, err := strconv.Atoi(ms)
	if err != nil || n <= 0 {
		return ms
	}
	for _, u := range []string{"d", "h", "min", "s"} {
		i := slices.IndexFunc(durationUnits, func(d durationUnit) bool { return d.unit == u })
		if size := int(durationUnits[i].ms); n%size == 0 {
			return strconv.Itoa(n/size) + u
		}
	}
	return ms + "ms"
}

// duration gives milliseconds.
func duration(value string) (string, *Error) {
	text := strings.TrimSpace(value)
	for _, u := range durationUnits {
		digits, ok := strings.CutSuffix(text, u.unit)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			break
		}
		ms := math.RoundToEven(f * u.ms)
		switch {
		case math.Abs(ms) > math.MaxInt32:
			return "", badValue(value).hint("Value exceeds integer range.")
		case ms < 0:
			return "", errorf(codeInvalidValue, "%.0f ms is outside the valid range for parameter {name} (0 .. %d)", ms, math.MaxInt32)
		}
		return strconv.Itoa(int(ms)), nil
	}
	return "", badValue(value).hint(`Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
}

// memory gives an amount of memory in its largest unit; a plain number counts kB.
func memory(value string) (string, *Error) {
	units := []struct {
		unit string
		kb   float64
	}{{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}, {"B", 1. / 1024}, {"", 1}}
	text := strings.TrimSpace(value)
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.unit)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		kb := math.RoundToEven(f * u.kb)
		if err != nil || !(kb >= 0 && kb <= math.MaxInt32) {
			break
		}
		for _, shown := range units[:4] {
			if n := int(kb); n > 0 && n%int(shown.kb) == 0 {
				return strconv.Itoa(n/int(shown.kb)) + shown.unit, nil
			}
		}
		return "0", nil
	}
	return "", badValue(value).hint(`Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`)
}

package guc

import (
	"slices"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// CommitLevels are the values of synchronous_commit, from the weakest promise to the strongest.
var CommitLevels = []string{"off", "local", "remote_write", "on", "remote_apply"}

func commitLevel(value string) (string, *rmgr.Error) {
	if w := strings.ToLower(value); slices.Contains(CommitLevels, w) {
		return w, nil
	}
	if w, err := boolean(value); err == nil {
		return w, nil
	}
	return "", withHint(badValue(value), "Available values: local, remote_write, remote_apply, on, off.")
}

func boolean(value string) (string, *rmgr.Error) {
	b, err := datum.ParseText(rmgr.Bool, value)
	if err != nil {
		return "", errorf(codeInvalidValue, "parameter {name} requires a Boolean value")
	}
	return OnOff(b.(bool)), nil
}

// OnOff is a Boolean setting as SHOW has it.
func OnOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func encoding(value string) (string, *rmgr.Error) {
	switch strings.ToUpper(strings.ReplaceAll(value, "-", "")) {
	case "UTF8", "UNICODE":
		return "UTF8", nil
	case "SQL_ASCII":
		return "SQL_ASCII", nil
	}
	return "", withHint(badValue(value), "Available values: UTF8, SQL_ASCII.")
}

func timeZone(value string) (string, *rmgr.Error) {
	switch strings.ToUpper(value) {
	case "UTC", "GMT", "ETC/UTC", "ETC/GMT", "ZULU", "UCT", "0", "+00", "+00:00":
		return "UTC", nil
	}
	return "", withHint(badValue(value), "Timestamps are always shown in UTC.")
}

// dateStyle takes any order of day and month, and of the ways to show a date only ISO.
func dateStyle(value string) (string, *rmgr.Error) {
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

func isolation(value string) (string, *rmgr.Error) {
	return oneOf("serializable", "repeatable read", "read committed", "read uncommitted")(value)
}

func number(from, to int64) func(string) (string, *rmgr.Error) {
	return func(value string) (string, *rmgr.Error) {
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
func asciiName(value string) (string, *rmgr.Error) {
	ascii := []byte(value)
	for i, c := range ascii {
		if c < ' ' || c > '~' {
			ascii[i] = '?'
		}
	}
	return string(ascii[:min(len(ascii), 63)]), nil
}

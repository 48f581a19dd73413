package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// SplitList splits a list as preload_modules or listen_addresses hold it: commas, spaces around
// them do not count, empty entries are dropped.
func SplitList(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.Trim(strings.TrimSpace(part), `"`); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func oneOf(values ...string) func(string) error {
	return func(v string) error {
		if slices.ContainsFunc(values, func(w string) bool { return strings.EqualFold(v, w) }) {
			return nil
		}
		return fmt.Errorf("one of %s", strings.Join(values, ", "))
	}
}

// literalBackslash and isoDates: clients write strings and read dates as they are told by these settings, and a
// node knows one way of each.
func literalBackslash(v string) error {
	if v != "on" {
		return errors.New("only on: a backslash in '…' means itself")
	}
	return nil
}

func isoDates(v string) error {
	if !strings.HasPrefix(strings.ToUpper(strings.TrimSpace(v)), "ISO") {
		return errors.New("only ISO, with any order of day and month")
	}
	return nil
}

func utc(v string) error {
	if oneOf("UTC", "GMT", "Etc/UTC", "Etc/GMT", "UCT", "Zulu")(v) != nil {
		return errors.New("only UTC: times are printed in it")
	}
	return nil
}

func moduleNames(v string) error {
	names := SplitList(v)
	for i, n := range names {
		if n != "*" && !rmgr.IsModuleName(n) {
			return fmt.Errorf("module names separated by commas; %q is none: %s", n, rmgr.ModuleNameRule)
		}
		if slices.Contains(names[:i], n) {
			return fmt.Errorf("%q is listed twice", n)
		}
	}
	return nil
}

func slotName(v string) error {
	if len(v) > 63 || strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return fmt.Errorf("replication slot names may only contain lower case letters, numbers, and the underscore character, up to 63 of them")
	}
	return nil
}

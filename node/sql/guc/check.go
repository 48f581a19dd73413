package guc

import (
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// The functions here check a setting's value and give it its usual spelling. {name} in a message
// becomes the setting's name.

func badValue(value string) *rmgr.Error {
	return errorf(codeInvalidValue, "invalid value for parameter {name}: \"%s\"", value)
}

func oneOf(words ...string) func(string) (string, *rmgr.Error) {
	return func(value string) (string, *rmgr.Error) {
		if w := strings.ToLower(strings.TrimSpace(value)); slices.Contains(words, w) {
			return w, nil
		}
		return "", withHint(badValue(value), "Available values: "+strings.Join(words, ", ")+".")
	}
}

// only takes the one value that a node knows.
func only(word, why string) func(string) (string, *rmgr.Error) {
	return func(value string) (string, *rmgr.Error) {
		if strings.EqualFold(value, word) {
			return word, nil
		}
		if on, err := boolean(value); err == nil && on == word {
			return word, nil
		}
		return "", withHint(errorf(codeNotSupported, "parameter {name} can only be %s", word), why)
	}
}

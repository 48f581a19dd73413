package decoding

import (
	"fmt"
	"strings"

	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// An Output formats transactions for a client. A nil answer sends nothing.
type Output interface {
	Begin(t *Transaction) []byte
	Change(t *Transaction, c *Change) []byte // t is nil for a message outside any transaction
	Commit(t *Transaction) []byte
	SkipsEmpty() bool // transactions without a change are not sent
}

// plugins are the output plugins by name.
var plugins = map[string]func([]replication.Option) (Output, error){
	"test_decoding": newText,
	"wal2json":      newJSON,
}

// CheckPlugin refuses an output plugin that is not there, as PostgreSQL does when it cannot load one.
func CheckPlugin(name string) error {
	if plugins[name] != nil {
		return nil
	}
	return &rmgr.Error{
		Code: "58P01", Message: fmt.Sprintf("could not access file \"%s\": No such file or directory", name),
		Hint: "The output plugins here are test_decoding and wal2json.",
	}
}

// NewOutput makes a plugin's output with the options of START_REPLICATION.
func NewOutput(plugin string, options []replication.Option) (Output, error) {
	if err := CheckPlugin(plugin); err != nil {
		return nil, err
	}
	return plugins[plugin](options)
}

// setBools reads options that are booleans; one without a value is true.
func setBools(options []replication.Option, known map[string]*bool) error {
	for _, o := range options {
		value, ok := known[o.Name]
		if !ok {
			return unknownOption(o)
		}
		if !o.Given {
			*value = true
			continue
		}
		on, ok := parseBool(o.Value)
		if !ok {
			return badOption(o)
		}
		*value = on
	}
	return nil
}

// parseBool is PostgreSQL's parse_bool: unambiguous beginnings count.
func parseBool(text string) (value, ok bool) {
	text = strings.ToLower(text)
	for _, word := range []struct {
		text  string
		least int
		value bool
	}{{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false}, {"on", 2, true}, {"off", 2, false}, {"1", 1, true}, {"0", 1, false}} {
		if len(text) >= word.least && strings.HasPrefix(word.text, text) {
			return word.value, true
		}
	}
	return false, false
}

func unknownOption(o replication.Option) error {
	value := "(null)"
	if o.Given {
		value = o.Value
	}
	return &rmgr.Error{Code: "22023", Message: fmt.Sprintf("option \"%s\" = \"%s\" is unknown", o.Name, value)}
}

func badOption(o replication.Option) error {
	return &rmgr.Error{Code: "22023", Message: fmt.Sprintf("could not parse value \"%s\" for parameter \"%s\"", o.Value, o.Name)}
}

package executor

import (
	"regexp"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *Compiler) like(out *computed, l, r computed) error {
	l, err := c.coerce(l, rmgr.Text)
	if err != nil {
		return err
	}
	r, err = c.coerce(r, rmgr.Text)
	if err != nil {
		return err
	}
	both(out, rmgr.Bool, l, r, func(a, b any) (any, error) { return datum.MatchLike(a.(string), b.(string)) })
	return nil
}

// regex compiles ~, !~, ~* and !~*. Patterns are those of Go's regexp, whose time grows with the text alone: what
// PostgreSQL has beyond it, as \m, is refused.
func (c *Compiler) regex(out *computed, op string, l, r computed) error {
	l, err := c.coerce(l, rmgr.Text)
	if err != nil {
		return err
	}
	if r, err = c.coerce(r, rmgr.Text); err != nil {
		return err
	}
	wanted, flags := !strings.HasPrefix(op, "!"), "(?s)"
	if strings.HasSuffix(op, "*") {
		flags = "(?is)"
	}
	var last string
	var re *regexp.Regexp // of last: a pattern is mostly a constant
	both(out, rmgr.Bool, l, r, func(text, pattern any) (any, error) {
		if p := pattern.(string); re == nil || p != last {
			compiled, err := regexp.Compile(flags + p)
			if err != nil {
				return nil, ereport.Errorf(ereport.CodeInvalidRegex, "invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: ")).
					WithHint("Patterns are those of RE2.")
			}
			re, last = compiled, p
		}
		return re.MatchString(text.(string)) == wanted, nil
	})
	return nil
}

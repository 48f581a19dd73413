package parser

import "strings"

// reserved are the words that cannot name a column, function or view without quotes.
var reserved = wordSet(`all and any array as asc between case cast check collate column constraint create cross
	current_catalog current_date current_role current_time current_timestamp current_user default desc distinct do
	else end except false fetch for foreign from full grant group having in inner intersect into is join leading
	left like limit localtime localtimestamp natural not null offset on only or order outer primary references
	returning right select session_user some table then to true union unique user using when where window with`)

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// bareCalls are the functions that SQL calls without parentheses.
var bareCalls = map[string]string{
	"current_user": "current_user", "session_user": "session_user", "user": "current_user", "current_role": "current_user",
	"current_catalog": "current_database", "current_timestamp": "now", "current_schema": "current_schema",
}

// QuoteIdent is a name as a query has to write it.
func QuoteIdent(name string) string {
	bare := name != "" && !reserved[name] && !isDigit(name[0]) && name[0] != '$'
	for i := range len(name) {
		c := name[i]
		bare = bare && (c >= 'a' && c <= 'z' || c == '_' || isDigit(c))
	}
	if bare {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

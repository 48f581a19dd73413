// Package parser makes statements of a query's text: the SQL that a node speaks, as syntax trees.
//
//	"SELECT f($1) FROM v; SHOW x"
//	    │ lexer: words, "names", 'strings', numbers, $1, operators; blanks and comments fall away
//	    ▼
//	  tokens
//	    │ parser: a function per rule of the grammar, one token ahead
//	    ▼
//	[]*Statement ── Node: *Select, *Set, *Transaction, … ── Expr: *Call, *Infix, *Literal, …
//
// It knows the grammar and nothing else: no types, functions, views or settings, so whatever can be
// written can be parsed, and names are looked up by who runs the tree. What PostgreSQL's grammar has and
// a node has not is refused by its name (0A000), with what to do instead.
//
// # Invariants
//
//   - Parse ends for every text, in time that grows with its length, and never panics: nesting, operators in a row,
//     sources, statements and parameters are bounded.
//   - An error is an [*Error] with an SQLSTATE; a Pos is a byte offset of the whole text that Parse got.
//   - A tree is not changed after Parse: many sessions may run it.
package parser

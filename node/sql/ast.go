package sql

// A Statement is one parsed statement and its text.
type Statement struct {
	Text string // the statement alone, for lists of sessions
	node node
	// query is the whole string it came from: positions count in it.
	query string
	// params is the highest parameter number.
	params int
}

// Empty reports whether the statement is nothing but blanks and comments.
func (s *Statement) Empty() bool { return s.node == nil }

// EndsTransaction reports whether the statement may run in a failed transaction block.
func (s *Statement) EndsTransaction() bool {
	t, ok := s.node.(*transaction)
	return ok && t.verb != txBegin && t.verb != txSet
}

// Shows reports whether the statement is SHOW.
func (s *Statement) Shows() bool {
	_, ok := s.node.(*showNode)
	return ok
}

// Params is the highest number of a parameter in the statement, 0 if it has none.
func (s *Statement) Params() int { return s.params }

// node is a statement's syntax tree.
type node interface{}

type (
	selectNode struct {
		items         []item
		from          []*source
		where         expr
		order         []ordering
		limit, offset expr
	}

	// item is one entry of a select list; expr is nil for a star.
	item struct {
		expr  expr
		alias string
		table string // of table.*
		pos   int
	}

	// source is one of what stands behind FROM: a call or a view's name, joined to those before it.
	source struct {
		join    joinKind
		on      expr // of an inner or left join
		call    *call
		name    string
		alias   string
		columns []string // AS alias (a, b)
		pos     int
	}

	ordering struct {
		expr       expr
		desc       bool
		nullsFirst bool
	}

	showNode struct {
		name string // "" is ALL
		pos  int
	}

	setNode struct {
		name    string // "" is ALL, for RESET
		value   string
		local   bool
		reset   bool
		pos     int
		verbose bool // the tag is RESET
	}

	transaction struct {
		verb      txVerb
		isolation string // "" says nothing of it
		readOnly  *bool
		session   bool // SET SESSION CHARACTERISTICS
		setting   bool // SET transaction_isolation or transaction_read_only, which nobody is warned of
	}

	prepareNode struct {
		name  string
		types []typeName
		body  *Statement
		pos   int
	}

	executeNode struct {
		name string
		args []expr
		pos  int
	}

	deallocateNode struct {
		name string // "" is ALL
		pos  int
	}

	discardNode    struct{ what string }
	checkpointNode struct{}

	extensionNode struct {
		name        string
		ifNotExists bool
		pos         int
	}
)

type joinKind int

const (
	crossJoin joinKind = iota // also the first source, and a comma
	innerJoin
	leftJoin
)

type txVerb int

const (
	txBegin txVerb = iota
	txStart
	txCommit
	txRollback
	txSet // SET TRANSACTION
)

// A typeName is a type as a query names it, which need not exist.
type typeName struct {
	pos  int
	name string
}

// expr is an expression's syntax tree.
type expr interface{ at() int }

type (
	literal struct {
		pos  int
		kind literalKind
		text string
	}
	param struct {
		pos    int
		number int
	}
	column struct {
		pos         int
		table, name string
	}
	call struct {
		pos  int
		name string
		args []expr
		star bool // count(*)
	}
	cast struct {
		pos int
		x   expr
		typ typeName
	}
	unary struct {
		pos int
		op  string // "-", "+", "not"
		x   expr
	}
	infix struct {
		pos  int
		op   string
		l, r expr
	}
	isNull struct {
		pos int
		x   expr
		not bool
	}
	isTruth struct {
		pos   int
		x     expr
		truth bool
		not   bool
	}
	// caseOf is CASE; operand is nil in a searched one, otherwise without ELSE.
	caseOf struct {
		pos        int
		operand    expr
		when, then []expr
		otherwise  expr
	}
	// subquery is (SELECT …), or ARRAY(SELECT …).
	subquery struct {
		pos   int
		query *selectNode
		array bool
	}
	between struct {
		pos          int
		x, low, high expr
		not          bool
	}
	inList struct {
		pos  int
		x    expr
		list []expr
		not  bool
	}
)

type literalKind int

const (
	nullLiteral literalKind = iota
	stringLiteral
	intLiteral
	floatLiteral
	boolLiteral
)

func (e *literal) at() int  { return e.pos }
func (e *param) at() int    { return e.pos }
func (e *column) at() int   { return e.pos }
func (e *call) at() int     { return e.pos }
func (e *cast) at() int     { return e.pos }
func (e *unary) at() int    { return e.pos }
func (e *infix) at() int    { return e.pos }
func (e *isNull) at() int   { return e.pos }
func (e *isTruth) at() int  { return e.pos }
func (e *between) at() int  { return e.pos }
func (e *inList) at() int   { return e.pos }
func (e *caseOf) at() int   { return e.pos }
func (e *subquery) at() int { return e.pos }

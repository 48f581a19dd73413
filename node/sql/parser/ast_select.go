package parser

// A Select is SELECT items FROM … WHERE … ORDER BY … LIMIT … OFFSET …; what is not there is nil.
type Select struct {
	Items         []Item
	From          []*Source
	Where         Expr
	Order         []Ordering
	Limit, Offset Expr
}

// An Item is one entry of a select list; expr is nil for a star.
type Item struct {
	Expr  Expr
	Alias string
	Table string // of table.*
	Pos   int
}

// A Source is one of what stands behind FROM: a call or a view's name, joined to those before it.
type Source struct {
	Join    JoinKind
	Comma   bool // behind a comma: what is joined to it cannot name those before
	On      Expr // of an inner or left join
	Call    *Call
	Name    string
	Alias   string
	Columns []string // AS alias (a, b)
	Pos     int
}

// A JoinKind says how a source is joined to those before it.
type JoinKind int

const (
	CrossJoin JoinKind = iota // also the first source, and a comma
	InnerJoin
	LeftJoin
)

// An Ordering is one key of ORDER BY.
type Ordering struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

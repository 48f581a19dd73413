package parser

// An Expr is an expression: a pointer to one of the structs here. Its place is a byte offset of the query.
type Expr interface{ At() int }

// A Literal is a constant as the query writes it.
type Literal struct {
	Pos  int
	Kind LiteralKind
	Text string // decoded; a number with its sign; true or false
}

// A LiteralKind says what a literal is. A string has no type before its place gives it one.
type LiteralKind int

const (
	NullLiteral LiteralKind = iota
	StringLiteral
	IntLiteral
	FloatLiteral
	BoolLiteral
)

// A Param is $1.
type Param struct {
	Pos    int
	Number int
}

// A Column is name, or table.name.
type Column struct {
	Pos         int
	Table, Name string
}

// A Call is name(args), or count(*).
type Call struct {
	Pos  int
	Name string
	Args []Expr
	Star bool
}

// A Cast is x::typ, CAST(x AS typ), or typ 'x'.
type Cast struct {
	Pos  int
	X    Expr
	Type TypeName
}

// A TypeName is a type as a query names it, which need not exist.
type TypeName struct {
	Pos   int
	Name  string
	Array bool // Name[]
}

func (e *Literal) At() int { return e.Pos }
func (e *Param) At() int   { return e.Pos }
func (e *Column) At() int  { return e.Pos }
func (e *Call) At() int    { return e.Pos }
func (e *Cast) At() int    { return e.Pos }

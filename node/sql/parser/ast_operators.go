package parser

// A Unary is an operator before its operand: "-", "+", "not".
type Unary struct {
	Pos int
	Op  string
	X   Expr
}

// An Infix is an operator between its operands, also "and", "or" and "like".
type Infix struct {
	Pos         int
	Op          string
	Left, Right Expr
}

// An IsNull is x IS [NOT] NULL.
type IsNull struct {
	Pos int
	X   Expr
	Not bool
}

// An IsTruth is x IS [NOT] TRUE or FALSE.
type IsTruth struct {
	Pos   int
	X     Expr
	Truth bool
	Not   bool
}

// An IsDistinct is x IS [NOT] DISTINCT FROM y.
type IsDistinct struct {
	Pos         int
	Left, Right Expr
	Not         bool
}

// A Between is x [NOT] BETWEEN low AND high.
type Between struct {
	Pos          int
	X, Low, High Expr
	Not          bool
}

// An InList is x [NOT] IN (list).
type InList struct {
	Pos  int
	X    Expr
	List []Expr
	Not  bool
}

// A Case is CASE; operand is nil in a searched one, otherwise without ELSE.
type Case struct {
	Pos        int
	Operand    Expr
	When, Then []Expr
	Otherwise  Expr
}

// A Subquery is (SELECT …), ARRAY(SELECT …), or EXISTS (SELECT …).
type Subquery struct {
	Pos    int
	Query  *Select
	Array  bool
	Exists bool
}

// An Array is ARRAY[list].
type Array struct {
	Pos  int
	List []Expr
}

// A Quantified is x op ANY (array), or op ALL (array).
type Quantified struct {
	Pos      int
	Op       string
	X, Array Expr
	All      bool
}

func (e *Unary) At() int      { return e.Pos }
func (e *Infix) At() int      { return e.Pos }
func (e *IsNull) At() int     { return e.Pos }
func (e *IsTruth) At() int    { return e.Pos }
func (e *IsDistinct) At() int { return e.Pos }
func (e *Between) At() int    { return e.Pos }
func (e *InList) At() int     { return e.Pos }
func (e *Case) At() int       { return e.Pos }
func (e *Subquery) At() int   { return e.Pos }
func (e *Array) At() int      { return e.Pos }
func (e *Quantified) At() int { return e.Pos }

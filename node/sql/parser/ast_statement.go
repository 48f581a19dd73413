package parser

// A Statement is one parsed statement and its text.
type Statement struct {
	Text   string // the statement alone, for lists of sessions
	Node   Node   // nil if there is nothing but blanks and comments
	Query  string // the whole string it came from: positions count in it
	Params int    // the highest number of a parameter, 0 if there is none
}

// Empty reports whether the statement is nothing but blanks and comments.
func (s *Statement) Empty() bool { return s.Node == nil }

// EndsTransaction reports whether the statement may run in a failed transaction block.
func (s *Statement) EndsTransaction() bool {
	t, ok := s.Node.(*Transaction)
	return ok && t.Verb != Begin && t.Verb != SetTransaction
}

// Shows reports whether the statement is SHOW.
func (s *Statement) Shows() bool {
	_, ok := s.Node.(*Show)
	return ok
}

// A Node is a statement's syntax tree: a pointer to a Select or to one of the structs here.
type Node interface{}

// A Show is SHOW name.
type Show struct {
	Name string // "" is ALL
	Pos  int
}

// A Set is SET or RESET.
type Set struct {
	Name    string // "" is ALL, for RESET
	Value   string
	Local   bool
	Reset   bool // RESET, or SET … = DEFAULT
	Pos     int
	Verbose bool // the tag is RESET
}

// A Transaction is BEGIN, COMMIT, ROLLBACK, SET TRANSACTION and their other spellings.
type Transaction struct {
	Verb      TransactionVerb
	Isolation string // "" says nothing of it
	ReadOnly  *bool
	Session   bool // SET SESSION CHARACTERISTICS
	Setting   bool // SET transaction_isolation or transaction_read_only, which nobody is warned of
}

// A TransactionVerb says what a transaction does.
type TransactionVerb int

const (
	Begin TransactionVerb = iota
	Start
	Commit
	Rollback
	SetTransaction // SET TRANSACTION
)

// A Prepare is PREPARE name (types) AS body.
type Prepare struct {
	Name  string
	Types []TypeName
	Body  *Statement
	Pos   int
}

// An Execute is EXECUTE name (args).
type Execute struct {
	Name string
	Args []Expr
	Pos  int
}

// A Deallocate is DEALLOCATE name.
type Deallocate struct {
	Name string // "" is ALL
	Pos  int
}

// A Discard is DISCARD what.
type Discard struct{ What string }

// A Checkpoint is CHECKPOINT.
type Checkpoint struct{}

// A CreateExtension is CREATE EXTENSION name.
type CreateExtension struct {
	Name        string
	IfNotExists bool
	Pos         int
}

package rmgr

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// Type is the SQL type of an argument or column.
type Type int

const (
	Text Type = iota
	Int8
	Int4
	Bool
	PgLSN
	Bytea
	Float8
	Timestamptz
)

// kept names the Go type of a value.
func (t Type) kept() string {
	switch t {
	case Int8, Int4:
		return "int64"
	case Bool:
		return "bool"
	case PgLSN:
		return "wal.LSN"
	case Bytea:
		return "[]byte"
	case Float8:
		return "float64"
	case Timestamptz:
		return "time.Time"
	}
	return "string"
}

// Holds reports whether a Go value is one of the type, or NULL.
func (t Type) Holds(v any) bool {
	switch v.(type) {
	case nil:
		return true
	case string:
		return t.kept() == "string"
	case int64:
		return t.kept() == "int64"
	case bool:
		return t == Bool
	case wal.LSN:
		return t == PgLSN
	case []byte:
		return t == Bytea
	case float64:
		return t == Float8
	case time.Time:
		return t == Timestamptz
	}
	return false
}

// A Column names and types an argument or a result column.
type Column struct {
	Name string
	Type Type
}

// A Function is called as in PostgreSQL: SELECT kv_put('a','1'), SELECT * FROM kv_range('a','z',10).
// Values are string, int64 (Int8, Int4), bool, wal.LSN, []byte, float64, time.Time, or nil for NULL.
type Function struct {
	Name     string
	Args     []Column
	Strict   bool     // a NULL argument gives NULL without a call
	Returns  []Column // one column: scalar; more, or Set: rows
	Set      bool
	Defaults []any // values for trailing arguments left out, of a variadic function those before its last
	Variadic bool  // the last of Args may be given any number of times, or not at all: Call gets each one

	// Write names the manager whose records the function emits; nil for a read. Calls with the
	// same Write manager run one at a time; reads of that manager's pages run beside each other
	// and never beside a write (ReadsOf).
	Write   *wal.RmgrID
	ReadsOf *wal.RmgrID

	// Call runs the function. row is called once per result row and must not keep the slice.
	// A returned *Error carries an SQLSTATE to the client. A panic is an error of the statement; what
	// was emitted before it stays.
	Call func(ctx context.Context, s Session, args []any, row func(...any) error) error
}

// fixed counts the arguments that are given once, or left out for a default.
func (f *Function) fixed() int {
	if f.Variadic {
		return len(f.Args) - 1
	}
	return len(f.Args)
}

// Complete adds the defaults of arguments that were left out; ok is false if args are too few or too many.
func (f *Function) Complete(args []any) (all []any, ok bool) {
	missing := f.fixed() - len(args)
	if missing > len(f.Defaults) || missing < 0 && !f.Variadic {
		return args, false
	}
	return append(slices.Clone(args), f.Defaults[len(f.Defaults)-max(missing, 0):]...), true
}

// MayRead says why a call of f may not look at pages of rel, nil if it may. Writes are kept out of the
// pages that f declares, and of no others: of these it could see one as it was before a record, and the
// next as it is after it.
func (f *Function) MayRead(rel wal.RelFileLocator) error {
	id, what := f.Write, "write"
	if id == nil {
		id, what = f.ReadsOf, "read"
	}
	switch {
	case id == nil:
		return fmt.Errorf("function %s looks at a page of relation %s and does not declare whose pages it reads: set ReadsOf", f.Name, rel)
	case id.Custom() && !Owns(*id, rel):
		return fmt.Errorf("function %s looks at a page of relation %s, which is not one of resource manager %d, whose pages it declares to %s", f.Name, rel, *id, what)
	}
	return nil
}

// Session is what a function may use while it runs.
type Session interface {
	// Page gives fn a shared look at a page's bytes; ok is false if the page does not exist.
	// Nothing of it may be kept after fn returns, and fn may not emit. The page is one of the manager
	// that the function declares with Write or ReadsOf.
	Page(rel wal.RelFileLocator, fork wal.ForkNumber, block uint32, fn func(page []byte)) (ok bool, err error)

	// Blocks is the relation's size in pages (0 if it does not exist).
	Blocks(rel wal.RelFileLocator, fork wal.ForkNumber) (uint32, error)

	// Format is the format in force for a manager: what Emit must be given records in.
	Format(id wal.RmgrID) Format

	Emitter
}

// Emitter writes records.
type Emitter interface {
	// Emit applies and logs one record, atomically. It returns the record's end LSN. The change is
	// not durable yet: the statement's end waits as synchronous_commit says. Errors: in recovery
	// (SQLSTATE 25006), module retiring or not preloaded (55000), no room (53100), and what Redo says.
	Emit(rec NewRecord) (wal.LSN, error)
}

// A NewRecord is a record to be written. Its bytes are copied before Emit returns.
type NewRecord struct {
	Rmgr   wal.RmgrID
	Info   uint8 // only the upper four bits
	Main   []byte
	Blocks []NewBlock // of the manager's own relations, ascending by position; reference IDs are 0, 1, 2, …

	// Transactional gives the record a transaction of its own: an xid and a COMMIT record after it.
	Transactional bool
}

// A NewBlock is a page that the record changes.
type NewBlock struct {
	Rel      wal.RelFileLocator
	Fork     wal.ForkNumber
	Block    uint32
	WillInit bool // Redo builds the page from zeros; needed for a page that does not exist yet
	Data     []byte
}

// An Error is an error with an SQLSTATE, as clients of PostgreSQL expect.
type Error struct {
	Code    string // five characters
	Message string
	Detail  string
	Hint    string
}

func (e *Error) Error() string { return e.Message }

// Rel is where the manager id keeps its relation n (0–99): in the default tablespace (1663) and the
// database with OID 5, with numbers that PostgreSQL gives to users' relations.
func Rel(id wal.RmgrID, n uint32) wal.RelFileLocator {
	return wal.RelFileLocator{Spc: 1663, DB: 5, Rel: 100000 + uint32(id)*100 + n}
}

// Owns reports whether a relation is one of the manager's, as Rel gives them.
func Owns(id wal.RmgrID, rel wal.RelFileLocator) bool {
	first := Rel(id, 0)
	return rel.Spc == first.Spc && rel.DB == first.DB && first.Rel <= rel.Rel && rel.Rel < first.Rel+100
}

// Owner is the custom manager that owns a relation; ok is false if none does.
func Owner(rel wal.RelFileLocator) (id wal.RmgrID, ok bool) {
	id = wal.RmgrID((rel.Rel - Rel(0, 0).Rel) / 100)
	return id, id.Custom() && Owns(id, rel)
}

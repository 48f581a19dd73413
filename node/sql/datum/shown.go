package datum

import "github.com/redoubt-wal/redoubt/rmgr"

// PostgreSQL's views have columns of types that nothing here computes with. To clients such a column
// is what PostgreSQL says it is, also in binary; to an expression it is the plain type behind it.
const (
	Name         rmgr.Type = 100 + iota // a string
	Inet                                // a string: an address
	Interval                            // a string: 00:00:00.0015
	TextArray                           // a string: {a,b}
	Record                              // a string: (a,b), what a function of several columns gives in a select list
	Void                                // the empty string
	Oid                                 // an integer of 32 bits without sign
	Xid                                 // likewise
	Int2                                // an integer
	Numeric                             // an integer
	Char                                // a string of one character
	Float4                              // a float64
	Regproc                             // a string: no function is named in a column, so -
	NodeTree                            // always NULL
	OidVector                           // a string: 25 20
	CharArray                           // a string: {i,o}
	NameArray                           // likewise
	OidArray                            // likewise
	ACLItemArray                        // always NULL
	AnyArray                            // likewise

	// These are computed with: see Object.
	Regclass
	Regtype

	BoolArray // a string: {t,f}
	ByteaArray
	Int4Array
	Int8Array
	Float8Array
	TimestamptzArray
	PgLSNArray

	Int2Vector // a string: 1 2
	ACLItem    // of no column: the elements of ACLItemArray
)

// Plain is the type that an expression takes a column for.
func Plain(t rmgr.Type) rmgr.Type {
	switch t {
	case Name, Inet, Interval, TextArray, Record, Void, Char, Regproc, NodeTree, OidVector, CharArray, NameArray, OidArray, ACLItemArray, AnyArray,
		BoolArray, ByteaArray, Int4Array, Int8Array, Float8Array, TimestamptzArray, PgLSNArray, Int2Vector, ACLItem:
		return rmgr.Text
	case Float4:
		return rmgr.Float8
	case Oid, Xid, Int2, Numeric:
		return rmgr.Int8
	}
	return t
}

// ShownAs is the type that clients see beside the plain one; 0 if there is only that.
func ShownAs(t rmgr.Type) rmgr.Type {
	if Plain(t) == t {
		return 0
	}
	return t
}

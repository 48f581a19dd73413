package datum

import (
	"cmp"
	"maps"
	"slices"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Layout is what PostgreSQL's pg_type says of a type beside its number and size.
type Layout struct {
	Name           string // its own, as int8 and _text
	Kind           string // b: a base type, p: a pseudo-type
	Category       string
	Preferred      bool // of its category
	ByValue        bool
	Align, Storage string
	Element, Array uint32
	Dimensions     int64 // of a column
}

var layouts = map[rmgr.Type]Layout{
	rmgr.Bool:        {Name: "bool", Category: "B", Preferred: true, ByValue: true, Align: "c", Storage: "p", Array: 1000},
	rmgr.Bytea:       {Name: "bytea", Category: "U", Align: "i", Storage: "x", Array: 1001},
	Char:             {Name: "char", Category: "Z", ByValue: true, Align: "c", Storage: "p", Array: 1002},
	Name:             {Name: "name", Category: "S", Align: "c", Storage: "p", Element: OIDChar, Array: 1003},
	rmgr.Int8:        {Name: "int8", Category: "N", ByValue: true, Align: "d", Storage: "p", Array: 1016},
	Int2:             {Name: "int2", Category: "N", ByValue: true, Align: "s", Storage: "p", Array: 1005},
	rmgr.Int4:        {Name: "int4", Category: "N", ByValue: true, Align: "i", Storage: "p", Array: 1007},
	Regproc:          {Name: "regproc", Category: "N", ByValue: true, Align: "i", Storage: "p", Array: 1008},
	rmgr.Text:        {Name: "text", Category: "S", Preferred: true, Align: "i", Storage: "x", Array: OIDTextArray},
	Oid:              {Name: "oid", Category: "N", Preferred: true, ByValue: true, Align: "i", Storage: "p", Array: 1028},
	Xid:              {Name: "xid", Category: "U", ByValue: true, Align: "i", Storage: "p", Array: 1011},
	OidVector:        {Name: "oidvector", Category: "A", Align: "i", Storage: "p", Element: OIDOid, Array: 1013, Dimensions: 1},
	Int2Vector:       {Name: "int2vector", Category: "A", Align: "i", Storage: "p", Element: OIDInt2, Array: 1006, Dimensions: 1},
	NodeTree:         {Name: "pg_node_tree", Category: "Z", Align: "i", Storage: "x"},
	Float4:           {Name: "float4", Category: "N", ByValue: true, Align: "i", Storage: "p", Array: 1021},
	rmgr.Float8:      {Name: "float8", Category: "N", Preferred: true, ByValue: true, Align: "d", Storage: "p", Array: 1022},
	Unknown:          {Name: "unknown", Kind: "p", Category: "X", Align: "c", Storage: "p"},
	Inet:             {Name: "inet", Category: "I", Preferred: true, Align: "i", Storage: "m", Array: 1041},
	CharArray:        {Name: "_char", Category: "A", Align: "i", Storage: "x", Element: OIDChar, Dimensions: 1},
	NameArray:        {Name: "_name", Category: "A", Align: "i", Storage: "x", Element: OIDName, Dimensions: 1},
	TextArray:        {Name: "_text", Category: "A", Align: "i", Storage: "x", Element: OIDText, Dimensions: 1},
	OidArray:         {Name: "_oid", Category: "A", Align: "i", Storage: "x", Element: OIDOid, Dimensions: 1},
	BoolArray:        {Name: "_bool", Category: "A", Align: "i", Storage: "x", Element: OIDBool, Dimensions: 1},
	ByteaArray:       {Name: "_bytea", Category: "A", Align: "i", Storage: "x", Element: OIDBytea, Dimensions: 1},
	Int4Array:        {Name: "_int4", Category: "A", Align: "i", Storage: "x", Element: OIDInt4, Dimensions: 1},
	Int8Array:        {Name: "_int8", Category: "A", Align: "d", Storage: "x", Element: OIDInt8, Dimensions: 1},
	Float8Array:      {Name: "_float8", Category: "A", Align: "d", Storage: "x", Element: OIDFloat8, Dimensions: 1},
	TimestamptzArray: {Name: "_timestamptz", Category: "A", Align: "d", Storage: "x", Element: OIDTimestamptz, Dimensions: 1},
	PgLSNArray:       {Name: "_pg_lsn", Category: "A", Align: "d", Storage: "x", Element: OIDPgLSN, Dimensions: 1},
	ACLItem:          {Name: "aclitem", Category: "U", Align: "i", Storage: "p", Array: 1034},
	ACLItemArray:     {Name: "_aclitem", Category: "A", Align: "i", Storage: "x", Element: 1033, Dimensions: 1},
	rmgr.Timestamptz: {Name: "timestamptz", Category: "D", Preferred: true, ByValue: true, Align: "d", Storage: "p", Array: 1185},
	Interval:         {Name: "interval", Category: "T", Preferred: true, Align: "d", Storage: "p", Array: 1187},
	Numeric:          {Name: "numeric", Category: "N", Align: "i", Storage: "m", Array: 1231},
	Regclass:         {Name: "regclass", Category: "N", ByValue: true, Align: "i", Storage: "p", Array: 2210},
	Regtype:          {Name: "regtype", Category: "N", ByValue: true, Align: "i", Storage: "p", Array: 2211},
	Record:           {Name: "record", Kind: "p", Category: "P", Align: "d", Storage: "x", Array: 2287},
	AnyArray:         {Name: "anyarray", Kind: "p", Category: "P", Align: "d", Storage: "x"},
	Void:             {Name: "void", Kind: "p", Category: "P", ByValue: true, Align: "i", Storage: "p"},
	rmgr.PgLSN:       {Name: "pg_lsn", Category: "U", ByValue: true, Align: "d", Storage: "p", Array: 3221},
}

// LayoutOf is a type's layout.
func LayoutOf(t rmgr.Type) Layout {
	l := layouts[t]
	if l.Kind == "" {
		l.Kind = "b"
	}
	return l
}

// Types lists all types by their numbers.
func Types() []rmgr.Type {
	return slices.SortedFunc(maps.Keys(typeInfo), func(a, b rmgr.Type) int { return cmp.Compare(OID(a), OID(b)) })
}

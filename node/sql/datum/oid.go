package datum

import "github.com/redoubt-wal/redoubt/rmgr"

// Unknown is the type of a string literal, NULL or parameter before its place gives it one.
const Unknown rmgr.Type = -1

// On the wire: PostgreSQL's numbers for the types (pg_type.dat).
const (
	OIDBool        = 16
	OIDBytea       = 17
	OIDChar        = 18
	OIDName        = 19
	OIDInt8        = 20
	OIDInt2        = 21
	OIDInt4        = 23
	OIDText        = 25
	OIDOid         = 26
	OIDXid         = 28
	OIDFloat4      = 700
	OIDFloat8      = 701
	OIDUnknown     = 705
	OIDInet        = 869
	OIDTextArray   = 1009
	OIDBpchar      = 1042
	OIDVarchar     = 1043
	OIDTimestamptz = 1184
	OIDInterval    = 1186
	OIDNumeric     = 1700
	OIDRecord      = 2249
	OIDVoid        = 2278
	OIDPgLSN       = 3220
)

var typeInfo = map[rmgr.Type]struct {
	oid  uint32
	size int16 // -1: variable
	name string
}{
	rmgr.Text:        {OIDText, -1, "text"},
	rmgr.Int8:        {OIDInt8, 8, "bigint"},
	rmgr.Int4:        {OIDInt4, 4, "integer"},
	rmgr.Bool:        {OIDBool, 1, "boolean"},
	rmgr.PgLSN:       {OIDPgLSN, 8, "pg_lsn"},
	rmgr.Bytea:       {OIDBytea, -1, "bytea"},
	rmgr.Float8:      {OIDFloat8, 8, "double precision"},
	rmgr.Timestamptz: {OIDTimestamptz, 8, "timestamp with time zone"},
	Unknown:          {OIDUnknown, -2, "unknown"},

	Name:      {OIDName, 64, "name"},
	Inet:      {OIDInet, -1, "inet"},
	Interval:  {OIDInterval, 16, "interval"},
	TextArray: {OIDTextArray, -1, "text[]"},
	Record:    {OIDRecord, -1, "record"},
	Void:      {OIDVoid, 4, "void"},
	Int2:      {OIDInt2, 2, "smallint"},
	Oid:       {OIDOid, 4, "oid"},
	Xid:       {OIDXid, 4, "xid"},
	Numeric:   {OIDNumeric, -1, "numeric"},

	Char:             {OIDChar, 1, `"char"`},
	Float4:           {OIDFloat4, 4, "real"},
	Regproc:          {24, 4, "regproc"},
	NodeTree:         {194, -1, "pg_node_tree"},
	OidVector:        {30, -1, "oidvector"},
	ACLItem:          {1033, 12, "aclitem"},
	Int2Vector:       {22, -1, "int2vector"},
	CharArray:        {1002, -1, `"char"[]`},
	NameArray:        {1003, -1, "name[]"},
	OidArray:         {1028, -1, "oid[]"},
	ACLItemArray:     {1034, -1, "aclitem[]"},
	AnyArray:         {2277, -1, "anyarray"},
	BoolArray:        {1000, -1, "boolean[]"},
	ByteaArray:       {1001, -1, "bytea[]"},
	Int4Array:        {1007, -1, "integer[]"},
	Int8Array:        {1016, -1, "bigint[]"},
	Float8Array:      {1022, -1, "double precision[]"},
	TimestamptzArray: {1185, -1, "timestamp with time zone[]"},
	PgLSNArray:       {3221, -1, "pg_lsn[]"},

	Regclass: {2205, 4, "regclass"},
	Regtype:  {2206, 4, "regtype"},
}

// OID is the type's number on the wire.
func OID(t rmgr.Type) uint32 { return typeInfo[t].oid }

// Size is the type's size as RowDescription gives it; -1 if it varies.
func Size(t rmgr.Type) int16 { return typeInfo[t].size }

// TypeName is the type's name in messages.
func TypeName(t rmgr.Type) string { return typeInfo[t].name }

// TypeByOID gives the type of a parameter that a client declared; ok is false if there is none.
func TypeByOID(oid uint32) (t rmgr.Type, ok bool) {
	switch oid {
	case 0, OIDUnknown:
		return Unknown, true
	case OIDText, OIDVarchar, OIDBpchar, OIDName:
		return rmgr.Text, true
	case OIDInt2, OIDInt4:
		return rmgr.Int4, true
	case OIDFloat4, OIDFloat8:
		return rmgr.Float8, true
	case OIDInt8:
		return rmgr.Int8, true
	case OIDBool:
		return rmgr.Bool, true
	case OIDPgLSN:
		return rmgr.PgLSN, true
	case OIDBytea:
		return rmgr.Bytea, true
	case OIDTimestamptz:
		return rmgr.Timestamptz, true
	}
	return Unknown, false
}

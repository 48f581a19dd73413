package sql

import "github.com/redoubt-wal/redoubt/rmgr"

// unknown is the type of a string literal, NULL or parameter before its place gives it one.
const unknown rmgr.Type = -1

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
	unknown:          {OIDUnknown, -2, "unknown"},

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

	Char:         {OIDChar, 1, `"char"`},
	Float4:       {OIDFloat4, 4, "real"},
	Regproc:      {24, 4, "regproc"},
	NodeTree:     {194, -1, "pg_node_tree"},
	OidVector:    {30, -1, "oidvector"},
	CharArray:    {1002, -1, `"char"[]`},
	NameArray:    {1003, -1, "name[]"},
	OidArray:     {1028, -1, "oid[]"},
	ACLItemArray: {1034, -1, "aclitem[]"},
	AnyArray:     {2277, -1, "anyarray"},
	Regclass:     {2205, 4, "regclass"},
	Regtype:      {2206, 4, "regtype"},
}

// OID is the type's number on the wire.
func OID(t rmgr.Type) uint32 { return typeInfo[t].oid }

// Size is the type's size as RowDescription gives it; -1 if it varies.
func Size(t rmgr.Type) int16 { return typeInfo[t].size }

// TypeName is the type's name in messages.
func TypeName(t rmgr.Type) string { return typeInfo[t].name }

// typeNames maps the names that a query may use to the name in messages.
var typeNames = map[string]string{
	"text": "text", "varchar": "text", "character varying": "text", "name": "text",
	"bigint": "bigint", "int8": "bigint", "oid": "bigint",
	"integer": "integer", "int": "integer", "int4": "integer", "smallint": "integer", "int2": "integer",
	"boolean": "boolean", "bool": "boolean",
	"pg_lsn": "pg_lsn", "bytea": "bytea",
	"double precision": "double precision", "float8": "double precision", "float": "double precision",
	"timestamp with time zone": "timestamp with time zone", "timestamptz": "timestamp with time zone",
	"regclass": "regclass", "regtype": "regtype",
}

// typeLabels are the column names of casts: PostgreSQL uses the type's internal name.
var typeLabels = map[rmgr.Type]string{
	rmgr.Text: "text", rmgr.Int8: "int8", rmgr.Int4: "int4", rmgr.Bool: "bool", rmgr.PgLSN: "pg_lsn",
	rmgr.Bytea: "bytea", rmgr.Float8: "float8", rmgr.Timestamptz: "timestamptz", Regclass: "regclass", Regtype: "regtype",
}

// castLabel is the name of a cast's column.
func castLabel(t rmgr.Type) string { return typeLabels[t] }

// regtypeNamed is the type of a name as regtype takes it; ok is false if there is none.
func regtypeNamed(name string) (o object, ok bool) {
	for t, info := range typeInfo {
		if t != unknown && (info.name == name || info.name == typeNames[name]) {
			return object{int64(info.oid), info.name}, true
		}
	}
	return object{}, false
}

// typeByName is the type that a query means by a name; unknown if there is none.
func typeByName(name string) rmgr.Type {
	canonical, known := typeNames[name]
	for t, info := range typeInfo {
		if known && info.name == canonical {
			return t
		}
	}
	return unknown
}

// typeByOID gives the type of a parameter that a client declared; ok is false if there is none.
func typeByOID(oid uint32) (t rmgr.Type, ok bool) {
	switch oid {
	case 0, OIDUnknown:
		return unknown, true
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
	return unknown, false
}

// assignable reports whether a value of one type may be given to a parameter of another: all has a text, and
// numbers are rounded.
func assignable(from, to rmgr.Type) bool {
	number := func(t rmgr.Type) bool { return t == rmgr.Int4 || t == rmgr.Int8 || t == rmgr.Float8 }
	return to == rmgr.Text || number(from) && number(to)
}

// implicit reports whether a value of one type may stand where another is wanted.
func implicit(from, to rmgr.Type) bool {
	switch {
	case from == to:
		return true
	case from == rmgr.Int4:
		return to == rmgr.Int8 || to == rmgr.Float8
	case from == rmgr.Int8:
		return to == rmgr.Float8
	case isObject(from):
		return to == rmgr.Int8
	}
	return false
}

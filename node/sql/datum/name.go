package datum

import "github.com/redoubt-wal/redoubt/rmgr"

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

// CastLabel is the name of a cast's column.
func CastLabel(t rmgr.Type) string { return typeLabels[t] }

// RegtypeNamed is the type of a name as regtype takes it: that of messages, pg_type's own, or another that a query may
// use. ok is false if there is none.
func RegtypeNamed(name string) (o Object, ok bool) {
	for t, info := range typeInfo {
		if info.name == name || layouts[t].Name == name && t != Char { // "char" has its quotes, char is another type
			return Object{int64(info.oid), info.name}, true
		}
	}
	t := TypeByName(name)
	return Object{int64(OID(t)), TypeName(t)}, t != Unknown
}

// TypeByName is the type that a query means by a name; unknown if there is none.
func TypeByName(name string) rmgr.Type {
	canonical, known := typeNames[name]
	for t, info := range typeInfo {
		if known && info.name == canonical {
			return t
		}
	}
	return Unknown
}

// TypeNamed is the name of the type with a number.
func TypeNamed(oid int64) (string, bool) {
	for _, info := range typeInfo {
		if int64(info.oid) == oid {
			return info.name, true
		}
	}
	return "", false
}

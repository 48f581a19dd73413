package interop_test

var types = []string{"int4", "int8", "float8", "text", "bool", "pg_lsn", "bytea", "timestamptz"}

// constants are by type.
var constants = map[string][]string{
	"int4":   {"0", "1", "-1", "2", "7", "100", "2147483647", "(-3)", "32767"},
	"int8":   {"9223372036854775807", "4294967296", "1::int8", "0::bigint", "(-5)::int8", "2147483648"},
	"float8": {"'1.5'::float8", "'0'::float8", "'NaN'::float8", "'Infinity'::float8", "'-Infinity'::float8", "'1e300'::float8", "'1e-300'::float8", "'0.1'::float8", "'-2.5'::float8"},
	"text":   {"'a'::text", "''::text", "'abc'", "'A b'", "'ä€😀'::text", "'12'", "' 12 '", "'%'", "'a_c'", `'a\b'`, "'true'", "'x''y'", `E'a\tb\n'`, "'-7'", "'1e3'", "'0/16B3748'"},
	"bool":   {"true", "false", "'off'::boolean", "'yes'::bool"},
	"pg_lsn": {"'0/0'::pg_lsn", "'0/16B3748'::pg_lsn", "'FFFFFFFF/FFFFFFFF'::pg_lsn"},
	"bytea":  {`'\x'::bytea`, `'\xdeadbeef'::bytea`, "'abc'::bytea", `'a\\b\000'::bytea`},
	"timestamptz": {"'2024-02-29 12:34:56.789+00'::timestamptz", "'2000-01-01 00:00:00+00'::timestamptz",
		"'1999-12-31 23:59:59.999999+02'::timestamptz"},
}

// forms are by the type of their value; {} is an expression of that type. No time becomes text: PostgreSQL computes that
// when a statement runs, and knows by then that another operand is NULL; all else it computes while it plans.
var forms = map[string][]string{
	"any": {"coalesce({}, {})", "nullif({}, {})", "CASE WHEN {bool} THEN {} ELSE {} END", "CASE {int4} WHEN {int4} THEN {} END", "({})"},
	"int4": {"({} + {})", "({} - {})", "({} * {})", "({} / {})", "({} % {})", "length({text})", "octet_length({text})",
		"({float8})::int4", "({text})::int4", "({int8})::int4", "({bool})::int4"},
	"int8": {"({} + {int4})", "({} - {})", "({int4} * {})", "({} / {int4})", "({} % {})", "({float8})::int8", "({text})::int8", "({int4})::int8",
		"({pg_lsn} - {pg_lsn})::int8"},
	"float8": {"({} + {})", "({} - {int4})", "({} * {})", "({int8} / {})", "(- {})", "({int4})::float8", "({text})::float8"},
	"text": {"({} || {})", "({} || {int4})", "({bool} || {})", "lower({})", "md5({})", "repeat({}, 2)", "pg_size_pretty({int8})", "({float8})::text",
		"({bool})::text", "({bytea})::text", "({pg_lsn})::text"},
	"bool": {"({int4} = {int8})", "({float8} <> {int4})", "({text} < {text})", "({bool} <= {bool})", "({pg_lsn} > {pg_lsn})", "({bytea} >= {bytea})",
		"({timestamptz} = {timestamptz})", "({int4} IS DISTINCT FROM {int4})", "({text} IS NOT DISTINCT FROM {text})", "({} AND {})", "({} OR {})",
		"(NOT {})", "({} IS TRUE)", "({} IS NOT FALSE)", "({} IS UNKNOWN)", "({any} IS NULL)", "({any} IS NOT NULL)", "({int4} IN ({int4}, {int4}))",
		"({text} NOT IN ({text}, {text}))", "({float8} BETWEEN {float8} AND {int4})", "({text} NOT BETWEEN {text} AND {text})",
		"({text} LIKE 'a%')", "({text} NOT LIKE '_b%')", `({text} LIKE 'a\_c')`, `({text} LIKE '%\')`, "({text} ~ '^a')", "({text} !~* 'A|[0-9]+')",
		"({text})::bool", "({int4})::bool"},
	"pg_lsn":      {"({} + {int4})", "({} - {int4})", "({text})::pg_lsn"},
	"bytea":       {"({} || {})", "({text})::bytea"},
	"timestamptz": {"({})"},
}

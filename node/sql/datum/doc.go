// Package datum holds values and their types: their numbers and names, their text and binary forms, how they
// compare, compute and become each other. PostgreSQL calls a value a datum.
//
//	text on the wire ──ParseText──►          ──AppendText──► text on the wire
//	                                a value
//	binary          ──ParseBinary──►   any   ──AppendBinary─► binary
//	                                 │   ▲
//	                                 ▼   │
//	             Compare, IntegerOperator, FloatOperator, Conversion, …
//
// A value is an any, nil for NULL. What an expression computes with is of one of these types:
//
//	text string · bigint, integer int64 · boolean bool · pg_lsn wal.LSN · bytea []byte
//	double precision float64 · timestamp with time zone time.Time · regclass, regtype Object
//
// PostgreSQL's views have columns of more types (name, oid, numeric, text[], …). Those are only shown, as
// PostgreSQL shows them, also in binary; to an expression such a column is of the type that [Plain] gives.
// Arrays and records are their text.
//
// The package knows no session, catalog or query. Its functions change no value, may be called from many
// goroutines, and fail with an *rmgr.Error that has PostgreSQL's SQLSTATE and words.
package datum

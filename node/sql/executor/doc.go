// Package executor plans and runs SELECT: it turns the syntax tree of one statement into functions that compute it,
// and runs them.
//
//	parser.Select ──Compiler.Select──► Plan ──Run(Execution)──► rows, one after another, to Emit
//	                   │                          │
//	            catalog.Catalog             Call: a module's function, or the server's
//	     functions, views, their columns
//
//	run ──► FROM: scan, join ──► WHERE ──► ORDER BY, count(*) … ──► OFFSET, LIMIT ──► select list ──► Emit
//	        sources one by one             a keeper holds rows
//
// An expression is compiled into a computed: its type and a function of the Execution. Types are settled while compiling,
// so a statement that does not fit fails before anything runs. Its errors are of type [*ereport.Error], with their place in
// the query.
//
// # Invariants
//
//   - A statement holds at most one writing call, and that one is never in a subquery or run for each row.
//   - No function is called while the rows of another are being read: where a statement needs both, sources are read to
//     their ends first. A function that waits for pages which a source's function holds would wait forever.
//   - What a statement holds in memory, its subqueries' share too, is bounded by the Execution's limit (54000).
//   - A []byte that came from a function may lie in a page: what outlives the call is a copy.
//   - A cancelled context ends a running plan within some rows.
//
// The package knows no session, setting or transaction. A Plan and its Execution are for one goroutine at a time.
// Its tests run statements in sessions, so they are in node/sql (expressions_test.go, fuzz_test.go), and against a real
// PostgreSQL in test/interop.
package executor

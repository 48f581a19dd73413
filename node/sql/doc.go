// Package sql is the SQL side of a node: sessions, their settings, transaction blocks and prepared statements. The
// SQL is small: calls of functions, reads of set-returning functions and views, settings, and transaction blocks as
// clients expect them.
//
//	text ──Parse──► Statement ──Session.Prepare──► Prepared ──Session.Execute──► rows, a tag
//	                                                  │                              │
//	                                               Catalog                 Caller ◄──┴──► Committer
//
// What it is made of, each a folder; imports go down only:
//
//	            builtin     the functions and views that every node has
//	               │
//	              sql       sessions, this package
//	      ┌────────┼────────┐
//	  executor     │       guc      plans and runs SELECT · the settings that a session may change
//	   │   └────┬──┘        │
//	   │     catalog        │       functions, views: what a query can name
//	parser      └── datum ──┘       text into statements · values and their types
//
// and ereport makes the errors of sql and executor.
//
// There are
//
//	SELECT items [FROM source [[LEFT] JOIN source ON …]…] [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n]
//	SHOW name|ALL, SET [LOCAL] name = value, RESET name|ALL
//	BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT, SET TRANSACTION
//	PREPARE, EXECUTE, DEALLOCATE, DISCARD, CHECKPOINT, CREATE EXTENSION
//
// where a source is function(…) or a view, with literals, parameters, casts, calls in calls, count, sum,
// min, max, COALESCE, NULLIF, CASE, subqueries as a value, EXISTS, arrays of one dimension, and the operators
// + - * / % || = <> < <= > >= ~ AND OR NOT IS IN BETWEEN LIKE, ANY and ALL. There is no numeric type: a number with a point is double precision. Text is ordered
// by its bytes. Times are shown in UTC. There are no tables: data belongs to modules, and their functions are the only way to it.
//
// # What a statement promises
//
// One call of a function is one atomic action. From this follows all else:
//
//   - A statement holds at most one writing call; a second is refused (0A000) before anything runs.
//   - A writing call takes effect at once, also inside BEGIN … COMMIT, and a transaction block may
//     hold one. A second is refused (0A000) and fails the block. ROLLBACK cannot undo the first: it
//     ends the block with a warning that says so.
//   - A write is durable, as synchronous_commit says, before any byte of its answer leaves the
//     node. [Session.Settle] waits for that; whoever sends answers calls it before sending, so
//     that a pipeline of writes waits once.
//   - Reads see what is there when they run. A function never runs while another one's rows are
//     being read: sources are read to their end first where both appear in a statement, and so are those
//     of a join and those around a subquery.
package sql

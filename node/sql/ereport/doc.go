// Package ereport makes the errors of a statement: an SQLSTATE, PostgreSQL's words, and the place in the query.
// It is named after PostgreSQL's ereport(), and a chain reads like one:
//
//	ereport.Errorf(ereport.CodeUndefinedColumn, "column \"%s\" does not exist", name).
//		At(query, offset).
//		WithHint("%s has the columns %s.", …)
//
//	*Error ──Unwrap──► *rmgr.Error (Condition), which errors of modules are, too: what a client is told without a place
package ereport

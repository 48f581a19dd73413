// Package guc holds the settings that a session may change: their names, what values they take, and the values
// that one session has given them. PostgreSQL calls them the Grand Unified Configuration.
//
//	SET name = value ──Check──► its usual spelling ──Stack.Put──► local   until the transaction's end (SET LOCAL)
//	                                                              values  until RESET, or the session's end
//	startup packet ──────────────────────── Stack.Put, Begin ───► base    what RESET goes back to
//	                                                              Start   before anyone sets it
//
// The nearest value counts, from the top. ROLLBACK takes back what its block has put into values.
//
// The package does not know the node's own settings (node/config has those), and gives no setting a meaning: a session
// asks for those that mean something to it. Errors have PostgreSQL's SQLSTATE and words. A Stack is for one
// goroutine at a time; all else may be called from many.
package guc

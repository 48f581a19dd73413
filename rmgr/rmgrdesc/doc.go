// Package rmgrdesc names and describes the records of PostgreSQL's built-in resource managers, as
// pg_waldump of the same major version prints them: every operation of the 22 managers by name, and the
// contents of XLOG, Transaction and Standby records. LogicalMessage and Generic describe themselves
// (rmgr/logicalmsg, rmgr/generic); what the others carry, only PostgreSQL knows.
//
// It replays nothing, so it needs neither a node nor a table.
package rmgrdesc

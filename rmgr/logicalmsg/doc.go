// Package logicalmsg is PostgreSQL's LogicalMessage (resource manager 21): messages for those who
// decode the log, with a prefix that tells for whom. Redo does nothing.
//
// # Record
//
// PostgreSQL's xl_logical_message:
//
//	MESSAGE 00   database u32 │ transactional u8 │ 0, 3 bytes │ prefix size u64, its NUL included │ message size u64
//	             │ prefix │ NUL │ message
//
// A transactional message has a transaction of its own and is decoded at its commit; any other is
// decoded where it stands.
package logicalmsg

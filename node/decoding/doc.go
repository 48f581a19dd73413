// Package decoding turns the durable log into logical changes for the clients of logical replication
// slots: what a module's [rmgr.Decoder] says of its records, in the order of commit.
//
//	durable log ──► reader ──► MODULES: formats in force, marks for restart_lsn
//	from restart_lsn             ├─► record without xid ──────────────► at once, a transaction of its own
//	                             ├─► record with xid ──► rm_decode ──► kept ─┐
//	                             ├─► COMMIT ◄────────────────────────────────┴──► all of its changes
//	                             └─► ABORT: dropped
//	                                                    │ from confirmed_flush on
//	                                                    ▼
//	                              output plugin: test_decoding or wal2json ──► replication.changeSender
//
// Invariants:
//
//   - What commits at or behind the start point is delivered exactly once per stream, in the order of
//     the COMMIT records; what commits before it is read, to know formats and open transactions, and
//     not delivered.
//   - restart_lsn is always the place of a MODULES record (or the redo point before one) in front of
//     the first record of every transaction that commits at or behind confirmed_flush, so decoding
//     from there knows each record's format.
//   - Nothing beyond the flushed end of the log is decoded, and nothing is guessed: a record whose
//     manager is not loaded ends the stream with its resource manager and LSN.
//
// docs/formats/decoding.md has the output, byte by byte.
package decoding

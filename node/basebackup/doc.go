// Package basebackup copies a node's data directory while it runs: the server side of BASE_BACKUP, as
// PostgreSQL 15 speaks it, and a client that makes a standby's directory of such a copy.
//
//	Server.Serve: checkpoint ──► start of the log ──► tar of data files ──► end of the log ──► manifest
//	                                                  backup_label first     [tar of the log]
//	                                                  pg_control last
//	Fetch: DIR.tmp ──► files, log ──► verified against the manifest ──► durable ──► DIR
//
// Data files change while they are copied and may be torn in the copy; the log from the start to the end
// of the backup makes them whole, which is why a copy is worth nothing without it.
//
// On the wire the tar travels in CopyData messages whose first byte says what they are:
//
//	'n' archive name, 0, location, 0   a new archive begins     'd' up to 32 KiB of it
//	'm' the manifest begins            'd' of it                'p' bytes done u64
//
// What Fetch writes never lies outside its directory: names are checked, links refused.
package basebackup

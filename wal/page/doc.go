// Package page is the layout of data pages: PostgreSQL's page header and data checksum, so that
// pg_checksums and pg_basebackup can check our files and full-page images know a page's hole.
//
//	 0 lsn (2 x u32, high first) | 8 checksum u16 | 10 flags u16 | 12 lower u16 | 14 upper u16
//	16 special u16 | 18 size and version u16 0x2004 | 20 prune xid u32
//	24 ──────────► lower   what the manager adds from the front (line pointers)
//	lower ───────► upper   free space: the hole that full-page images leave out
//	upper ───────► special what the manager adds from the end
//	special ─────► 8192    the manager's own
//
// Functions take a page as a slice of 8192 bytes; they hold nothing and lock nothing.
package page

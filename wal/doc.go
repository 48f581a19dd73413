// Package wal is the format of the log: PostgreSQL 15's, to the byte. It turns records into bytes and
// bytes into records; it opens no file and asks no clock.
//
// From the outside in:
//
//	log       one sequence of bytes; a position in it is an LSN
//	segment   16 MiB of it, one file: 000000010000000000000007 is timeline 1, segment 7
//	page      8 KiB with a header that names its own address
//	record    starts at a multiple of 8, runs across pages where it must
//
//	├──────────── segment ────────────┤
//	┌────────┬────────┬────────┬──────
//	│H page 0│h page 1│h page 2│h ...      H: 40-byte header, h: 24 bytes
//	└────────┴────────┴────────┴──────
//	    ┌──────┬───────────┬────┐
//	    │record│   record ─┼►   │record     a record that crosses a page goes on after its header
//	    └──────┴───────────┴────┘
//
//	record:  header 24 │ block headers… │ main header │ block image, block data … │ main data
//
// What a record means is the business of its resource manager (package rmgr). The format knows only
// which pages a record touches (BlockRef), and may carry copies of them (full-page images).
//
// Invariants:
//   - A record's header links to the start of the record before it (Prev), and its CRC covers the
//     body first, so that only 20 bytes remain to be summed when its place is known (Builder.Seal).
//   - The log ends at the first record that is not valid; what follows is never looked at, except to
//     tell a torn tail from corruption.
//   - Positions of ends are multiples of 8; an end at a page's end is the next page's address, while
//     the start of the record that follows lies behind that page's header.
//
// Source: access/xlogrecord.h, access/xlog_internal.h, xloginsert.c, xlogreader.c, timeline.c.
package wal

// Package segment is the log on the disk of one node: files of fixed size in pg_wal that are made
// ahead of need, filled once and used again.
//
//	Insert ──► ring of pages ──write──► segment file ──fdatasync──► durable
//	 (one mutex, memory only)            (one leader for all who wait: Flush)
//
//	written to   ▼ flushed        ▼ written        ▼ inserted
//	 ───────────┬────────────────┬────────────────┬───────────────
//	   segment 7│   segment 8 ...                 │    segment 9: zeros or a recycled file, ready
//	 ───────────┴────────────────┴────────────────┴───────────────
//
// Invariants:
//   - flushed ≤ written ≤ inserted. Readers see nothing beyond flushed.
//   - A segment is durable before the first page of the next one is written; other pages of the next
//     few may be earlier (see finishing). So a later segment that begins with its own page proves that
//     damage in this one is no torn tail. It makes a group that lies over the edge wait twice: see edge.
//   - A segment file exists, full size, durable, before an insert into it is accepted: a full disk
//     refuses inserts (ErrNoSpace) and can never stop a flush half-way. Changes of pages are refused first:
//     the last 64 KiB are for their commits and for the checkpoint that makes room (reserve).
//   - What lies behind the log's end on disk never looks like its continuation: prepared files are
//     zero, recycled ones carry other page addresses, and StartInsert and StartReceive wipe the rest
//     of their segment.
//   - One failed write or sync is the end (ErrFailed): the kernel may have dropped the bytes and would
//     report success the next time.
//
// Locks, in the order they are taken: insert (mu), write (wmu), files (files.mu, rmu). Flushers
// queue in commit; none of them holds mu.
//
// The log on disk is PostgreSQL's: pg_waldump reads it, pg_receivewal's files can be put here.
// Source: access/transam/xlog.c (XLogInsertRecord, XLogWrite, XLogFlush, XLogFileInit).
package segment

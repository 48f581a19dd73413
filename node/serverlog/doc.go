// Package serverlog writes a node's log the way PostgreSQL writes to stderr (log_destination =
// stderr), for people who know how to read that. The default, jsonlog, is log/slog's own handler.
//
//	slog                                               on stderr
//	Info("replay is paused", "lsn", "0/5", …)          LOG:  replay is paused
//	                                                   DETAIL:  lsn: 0/5, …
//	Info("…", "context", "WAL redo at 0/5 for …")      CONTEXT:  WAL redo at 0/5 for …
//
// What PostgreSQL says in a sentence of its own, as the end of a checkpoint, is said so. The attributes
// detail, hint and context have lines of their own, as in PostgreSQL; what else a message carries stands
// in DETAIL. log_line_prefix is put before each of these lines.
//
// It opens no file and reads no clock: the time is the record's. One message is one Write.
package serverlog

// Package checkpoint decides when checkpoints are made and how much log may be given up after one.
// What a checkpoint does is the engine's: redo point, pages, record, pg_control.
//
//	──┬───────────────┬──────────────────┬────────►  log
//	  │ kept for      │ redo point       │ insert
//	  │ slots, backups, wal_keep_size    │
//	  └ given up before this             └ a checkpoint is due after max_wal_size/1.9 since redo,
//	                                       or after checkpoint_timeout if anything was logged
package checkpoint

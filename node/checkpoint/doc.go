// Package checkpoint decides when checkpoints are made and how much log may be given up after one.
// What a checkpoint does is the engine's: redo point, pages, record, pg_control. Nothing here touches a
// file, and only Loop knows a timer.
//
//	──┬───────────────┬──────────────────┬────────►  log
//	  │ kept for      │ redo point       │ insert
//	  │ slots, backups, wal_keep_size    │
//	  └ given up before this             └ a checkpoint is due after max_wal_size/1.9 since redo,
//	                                       or after checkpoint_timeout if anything was logged
//
// One that nobody waits for is spread over checkpoint_completion_target of the way to the next (Pace);
// whoever comes to wait for it, as a promotion, a shutdown or CHECKPOINT does, ends the rests (Haste).
package checkpoint

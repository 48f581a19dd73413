package sql

import "time"

// An Activity is what one session does: a row of pg_stat_activity.
type Activity struct {
	Identity
	ApplicationName string
	State           string    // "active", "idle", "idle in transaction", "idle in transaction (aborted)"
	Query           string    // the running statement, or the last one
	XactStart       time.Time // zero outside of a transaction
	QueryStart      time.Time
	StateChange     time.Time
	BackendType     string // "client backend" or "walsender"
}

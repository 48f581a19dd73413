// Package config is the node's settings: what there is, what each may be, and what is in force.
//
// Names, units and texts are PostgreSQL's wherever PostgreSQL has the same thing. A value comes from,
// in rising order: the default, the file redoubt.conf in the data directory, `-c name=value` on the
// command line, and for a session's settings SET.
//
//	max_wal_size = 2GB            # comments to the end of the line
//	synchronous_standby_names = 'ANY 1 (a, b)'
//
// An unknown name or a bad value is refused with the line and what would be accepted; nothing is
// guessed. A reload changes what a reload may change; the rest is kept and reported as waiting for a
// restart. The package opens no file and reads no environment: contents are handed in.
package config

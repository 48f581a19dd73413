// Package basebackup copies a node's data directory while it runs: the server side of BASE_BACKUP
// and a client that makes a standby's directory of it.
package basebackup

// Package storage keeps relations in files, as PostgreSQL lays them out.
//
//	base/<database>/<relation>          main fork, first GiB
//	base/<database>/<relation>.1        the next GiB
//	base/<database>/<relation>_fsm      another fork
//
// Every page is written with its checksum and verified when it is read. A page of zeros is a page
// that was added and not filled yet. What was written is durable after Sync, which also makes new
// names durable. After a failed sync the store refuses everything: what the disk holds is not known
// any more. A failed write is the caller's to repeat: the page is still in memory.
package storage

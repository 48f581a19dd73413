// Package backend drives write-ahead logs in one way: ours, the floor, and those of the field.
//
//	redoubt   wal/segment: PostgreSQL's format, recycled segments as in a node
//	floor     package floor
//	etcd      go.etcd.io/etcd/server/v3/storage/wal         ┐
//	raft-wal  github.com/hashicorp/raft-wal                 │ no group commit of their own: the driver
//	tidwall   github.com/tidwall/wal                        │ gathers their groups (grouped)
//	rosedb    github.com/rosedblabs/wal                     ┘
//	pebble    github.com/cockroachdb/pebble/v2/record.LogWriter, over recycled files as in Pebble
//
// Each keeps its own defaults of format, segment size and preallocation.
package backend

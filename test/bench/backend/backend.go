package backend

import (
	"fmt"
	"maps"
	"slices"
)

// Options say how a log is opened.
type Options struct {
	Dir     string // empty
	Durable bool   // an append returns when its record is on the disk
	Alone   bool   // the driver's group commit does not yield for peers: what they reach without help
}

// A Log is one that is open for appending.
type Log interface {
	// Appender returns a function for one goroutine. The bytes given to it may be used again when it
	// returns.
	Appender() func(p []byte) error
	Close() error
}

var openers = map[string]func(Options) (Log, error){
	"floor": openFloor, "redoubt": openRedoubt, "pebble": openPebble,
	"etcd": grouped(openEtcd), "raft-wal": grouped(openRaftWAL), "tidwall": grouped(openTidwall), "rosedb": grouped(openRosedb),
}

// Peers are the logs of others.
var Peers = []string{"etcd", "raft-wal", "pebble", "tidwall", "rosedb"}

// Ungrouped are those of Peers that have no group commit of their own.
var Ungrouped = []string{"etcd", "raft-wal", "tidwall", "rosedb"}

// Open opens a new log in an empty directory.
func Open(name string, o Options) (Log, error) {
	open, ok := openers[name]
	if !ok {
		return nil, fmt.Errorf("no log %q: want one of %v", name, slices.Sorted(maps.Keys(openers)))
	}
	l, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return l, nil
}

package backend

import (
	"errors"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

type raftWAL struct {
	log   *wal.WAL
	index uint64
	logs  []*raft.Log
	space []raft.Log
}

// openRaftWAL has no form without durability.
func openRaftWAL(o Options) (batchLog, error) {
	if !o.Durable {
		return nil, errors.New("raft-wal syncs every batch")
	}
	l, err := wal.Open(o.Dir)
	return &raftWAL{log: l}, err
}

func (r *raftWAL) save(batch [][]byte) error {
	if cap(r.space) < len(batch) {
		r.space = make([]raft.Log, 2*len(batch))
	}
	r.logs = r.logs[:0]
	for i, p := range batch {
		r.index++
		r.space[:cap(r.space)][i] = raft.Log{Index: r.index, Term: 1, Data: p}
		r.logs = append(r.logs, &r.space[i])
	}
	return r.log.StoreLogs(r.logs)
}

func (r *raftWAL) Close() error { return r.log.Close() }

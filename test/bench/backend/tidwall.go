package backend

import (
	"path/filepath"

	"github.com/tidwall/wal"
)

type tidwall struct {
	log   *wal.Log
	index uint64
	batch wal.Batch
}

func openTidwall(o Options) (batchLog, error) {
	l, err := wal.Open(filepath.Join(o.Dir, "tidwall"), &wal.Options{NoSync: !o.Durable})
	return &tidwall{log: l}, err
}

func (t *tidwall) save(batch [][]byte) error {
	t.batch.Clear()
	for _, p := range batch {
		t.index++
		t.batch.Write(t.index, p)
	}
	return t.log.WriteBatch(&t.batch)
}

func (t *tidwall) Close() error { return t.log.Close() }

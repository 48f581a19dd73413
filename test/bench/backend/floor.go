package backend

import (
	"path/filepath"

	"github.com/redoubt-wal/redoubt/test/bench/floor"
)

type floorLog struct {
	*floor.Log
	durable bool
}

func openFloor(o Options) (Log, error) {
	l, err := floor.Create(filepath.Join(o.Dir, "floor"))
	return floorLog{l, o.Durable}, err
}

func (l floorLog) Appender() func([]byte) error {
	if l.durable {
		return l.Commit
	}
	return l.Append
}

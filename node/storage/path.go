package storage

import (
	"fmt"
	"path"

	"github.com/redoubt-wal/redoubt/wal"
)

// Tablespaces that exist. On disk: never renumber (pg_tablespace_d.h).
const (
	defaultTablespace = 1663 // base/
	globalTablespace  = 1664 // global/
)

// segmentBlocks is the number of pages in a file: 1 GiB. On disk: pg_control says so.
const segmentBlocks = 131072

var forkSuffix = [...]string{"", "_fsm", "_vm", "_init"}

// filePath is the name, relative to the data directory, of a relation's nth file.
func filePath(rel wal.RelFileLocator, fork wal.ForkNumber, n uint32) (string, error) {
	var dir string
	switch rel.Spc {
	case defaultTablespace:
		dir = fmt.Sprintf("base/%d", rel.DB)
	case globalTablespace:
		dir = "global"
	default:
		return "", fmt.Errorf("relation %s: tablespace %d does not exist: only 1663 and 1664 do", rel, rel.Spc)
	}
	if int(fork) >= len(forkSuffix) {
		return "", fmt.Errorf("relation %s: fork %d does not exist", rel, fork)
	}
	name := fmt.Sprintf("%d%s", rel.Rel, forkSuffix[fork])
	if n > 0 {
		name = fmt.Sprintf("%s.%d", name, n)
	}
	return path.Join(dir, name), nil
}

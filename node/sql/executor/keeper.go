package executor

import (
	"bytes"

	"github.com/redoubt-wal/redoubt/node/sql/ereport"
)

// A keeper holds rows beyond the call that gave them. Those of one statement, its subqueries' too, share their limit.
type keeper struct {
	rows  [][]any
	bytes int
	held  *int // by all keepers of the statement
	limit int
}

func (x *Execution) keeper() keeper {
	return keeper{held: &x.root.held, limit: x.limit}
}

// release gives up what is held.
func (k *keeper) release() {
	*k.held -= k.bytes
	k.rows, k.bytes = nil, 0
}

func (k *keeper) addRow(row ...any) error { return k.add(row) }

func (k *keeper) add(row []any) error {
	kept := make([]any, len(row))
	before := k.bytes
	k.bytes += 24 + 16*len(row)
	for i, v := range row {
		switch v := v.(type) {
		case string:
			k.bytes += 16 + len(v)
			kept[i] = v
		case []byte:
			k.bytes += 24 + len(v)
			kept[i] = bytes.Clone(v) // it may lie in a page
		default:
			k.bytes += 8
			kept[i] = v
		}
	}
	if *k.held += k.bytes - before; *k.held > k.limit {
		return ereport.Errorf(ereport.CodeProgramLimit, "the result does not fit into %d bytes", k.limit).
			WithHint("Sorting, reading in parts and calls per row hold the rows in memory. Narrow the source.")
	}
	k.rows = append(k.rows, kept)
	return nil
}

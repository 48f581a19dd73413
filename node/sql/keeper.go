package sql

import (
	"bytes"
	"slices"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
)

// A keeper holds rows beyond the call that gave them. Those of one statement, its subqueries' too, share their limit.
type keeper struct {
	rows  [][]any
	bytes int
	held  *int // by all keepers of the statement
	limit int
}

func (x *execution) keeper() keeper {
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
		return errorf(codeProgramLimit, "the result does not fit into %d bytes", k.limit).
			hint("Sorting, reading in parts and calls per row hold the rows in memory. Narrow the source.")
	}
	k.rows = append(k.rows, kept)
	return nil
}

func (p *selectPlan) runSorted(x *execution, limit, offset int64) error {
	kept := x.keeper()
	defer kept.release()
	width := len(p.items)
	err := p.eachRow(x, func() error {
		x.out = x.out[:0]
		for i := range p.items {
			v, err := p.items[i].eval(x)
			if err != nil {
				return err
			}
			x.out = append(x.out, v)
		}
		for i := range p.order {
			v, err := p.order[i].eval(x)
			if err != nil {
				return err
			}
			x.out = append(x.out, v)
		}
		return kept.add(x.out)
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(kept.rows, func(a, b []any) int { return p.compareKeys(a[width:], b[width:]) })
	rows := kept.rows[min(offset, int64(len(kept.rows))):]
	if limit >= 0 && limit < int64(len(rows)) {
		rows = rows[:limit]
	}
	for i, row := range rows {
		if err := x.alive(i); err != nil {
			return err
		}
		x.rows++
		if err := x.emit(row[:width]); err != nil {
			return err
		}
	}
	return nil
}

func (p *selectPlan) compareKeys(a, b []any) int {
	for i, o := range p.order {
		n := 0
		switch {
		case a[i] == nil && b[i] == nil:
			continue
		case a[i] == nil || b[i] == nil:
			n = 1
			if (a[i] == nil) == o.nullsFirst {
				n = -1
			}
			return n
		default:
			n = datum.Compare(a[i], b[i])
		}
		if o.desc {
			n = -n
		}
		if n != 0 {
			return n
		}
	}
	return 0
}

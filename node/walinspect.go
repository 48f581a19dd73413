package node

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/node/recordtext"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// walinspect are the functions of PostgreSQL's extension pg_walinspect.
func (n *Node) walinspect() []rmgr.Function {
	from, to := rmgr.Column{Name: "start_lsn", Type: rmgr.PgLSN}, rmgr.Column{Name: "end_lsn", Type: rmgr.PgLSN}
	return []rmgr.Function{
		{
			Name: "pg_get_wal_records_info", Args: []rmgr.Column{from, to}, Strict: true, Set: true, Returns: recordColumns,
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				return n.eachRecord(ctx, args[0].(wal.LSN), args[1].(wal.LSN), func(rec *wal.Record) error { return row(n.recordRow(rec)...) })
			},
		},
		{
			Name: "pg_get_wal_record_info", Args: []rmgr.Column{{Name: "in_lsn", Type: rmgr.PgLSN}}, Strict: true, Returns: recordColumns,
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				err := n.eachRecord(ctx, args[0].(wal.LSN), 0, func(rec *wal.Record) error { return errors.Join(row(n.recordRow(rec)...), errEnough) })
				return err
			},
		},
		{
			Name: "pg_get_wal_stats", Args: []rmgr.Column{from, to, {Name: "per_record", Type: rmgr.Bool}}, Defaults: []any{false}, Strict: true, Set: true, Returns: statColumns,
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				return n.walStats(ctx, args[0].(wal.LSN), args[1].(wal.LSN), args[2].(bool), row)
			},
		},
	}
}

var recordColumns = []rmgr.Column{
	{Name: "start_lsn", Type: rmgr.PgLSN}, {Name: "end_lsn", Type: rmgr.PgLSN}, {Name: "prev_lsn", Type: rmgr.PgLSN}, {Name: "xid", Type: rmgr.Int8},
	{Name: "resource_manager", Type: rmgr.Text}, {Name: "record_type", Type: rmgr.Text}, {Name: "record_length", Type: rmgr.Int4},
	{Name: "main_data_length", Type: rmgr.Int4}, {Name: "fpi_length", Type: rmgr.Int4}, {Name: "description", Type: rmgr.Text}, {Name: "block_ref", Type: rmgr.Text},
}

var statColumns = []rmgr.Column{
	{Name: "resource_manager/record_type", Type: rmgr.Text}, {Name: "count", Type: rmgr.Int8}, {Name: "count_percentage", Type: rmgr.Float8},
	{Name: "record_size", Type: rmgr.Int8}, {Name: "record_size_percentage", Type: rmgr.Float8}, {Name: "fpi_size", Type: rmgr.Int8},
	{Name: "fpi_size_percentage", Type: rmgr.Float8}, {Name: "combined_size", Type: rmgr.Int8}, {Name: "combined_size_percentage", Type: rmgr.Float8},
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// eachRecord walks the durable log of the current history from a record's start on; to 0 is its end.
func (n *Node) eachRecord(ctx context.Context, from, to wal.LSN, fn func(*wal.Record) error) error {
	l := n.current().local
	if l == nil {
		return n.ready()
	}
	end := l.engine.Positions().Flush
	switch {
	case from < l.engine.Positions().Oldest || from >= end:
		return &rmgr.Error{Code: "22023", Message: "WAL start LSN must be within the log that is here", Detail: "The log here reaches from " + l.engine.Positions().Oldest.String() + " to " + end.String() + "."}
	case to != 0 && to < from:
		return &rmgr.Error{Code: "22023", Message: "WAL start LSN must be less than end LSN"}
	case to == 0 || to > end:
		to = end
	}
	source := l.engine.Log().NewSource(l.engine.History())
	defer source.Close()
	r := wal.NewReader(source, wal.ReaderOptions{SegmentSize: uint64(l.engine.SegmentSize()), SystemID: l.engine.SystemID()})
	r.Seek(from)
	return walk(ctx, r, to, fn)
}

func walk(ctx context.Context, r *wal.Reader, to wal.LSN, fn func(*wal.Record) error) error {
	for ctx.Err() == nil {
		rec, err := r.Next()
		switch {
		case errors.Is(err, wal.ErrNotYet):
			return nil
		case errors.Is(err, segment.ErrRemoved):
			return &rmgr.Error{Code: "58P01", Message: "the log has been removed meanwhile: " + err.Error()}
		case err != nil:
			return &rmgr.Error{Code: "22023", Message: "could not read WAL at " + r.End().String() + ": " + err.Error(), Hint: "Start at a record's first byte."}
		case rec.LSN >= to:
			return nil
		}
		if err := fn(rec); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

func (n *Node) recordRow(rec *wal.Record) []any {
	var contents, blocks strings.Builder
	recordtext.Contents(&contents, n.table, rec)
	recordtext.Blocks(&blocks, rec, " ")
	images := recordtext.Images(rec)
	return []any{
		rec.LSN, rec.End, rec.Prev, int64(rec.Xid), recordtext.Manager(n.table, rec.Rmgr), recordtext.Operation(n.table, rec),
		int64(rec.Total), int64(len(rec.Main)), int64(images), contents.String(), strings.TrimPrefix(blocks.String(), " "),
	}
}

// A walTally sums up records of one kind.
type walTally struct {
	kind                   string
	count, size, imageSize int64
}

func (n *Node) walStats(ctx context.Context, from, to wal.LSN, perRecord bool, row func(...any) error) error {
	kinds, all := map[string]*walTally{}, walTally{}
	err := n.eachRecord(ctx, from, to, func(rec *wal.Record) error {
		kind := recordtext.Manager(n.table, rec.Rmgr)
		if perRecord {
			kind += "/" + recordtext.Operation(n.table, rec)
		}
		if kinds[kind] == nil {
			kinds[kind] = &walTally{kind: kind}
		}
		images := int64(recordtext.Images(rec))
		for _, t := range []*walTally{kinds[kind], &all} {
			t.count, t.size, t.imageSize = t.count+1, t.size+int64(rec.Total)-images, t.imageSize+images
		}
		return nil
	})
	if err != nil {
		return err
	}
	sorted := make([]*walTally, 0, len(kinds))
	for _, t := range kinds {
		sorted = append(sorted, t)
	}
	slices.SortFunc(sorted, func(a, b *walTally) int { return cmp.Compare(a.kind, b.kind) })
	for _, t := range sorted {
		err := row(t.kind, t.count, percent(t.count, all.count), t.size, percent(t.size, all.size), t.imageSize, percent(t.imageSize, all.imageSize),
			t.size+t.imageSize, percent(t.size+t.imageSize, all.size+all.imageSize))
		if err != nil {
			return err
		}
	}
	return nil
}

func percent(part, of int64) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(part) / float64(of)
}

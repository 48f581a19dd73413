package walinspect_test

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/walinspect"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/test/golden"
	"github.com/redoubt-wal/redoubt/wal"
)

// call runs a function over the log that a real PostgreSQL 15 wrote, up to known.
func call(t testing.TB, l *golden.Log, known wal.LSN, name string, row func(...any) error, args ...any) error {
	t.Helper()
	open := func() (*walinspect.Log, error) {
		pages := l.Pages(t)
		return &walinspect.Log{Pages: pages, SegmentSize: golden.SegmentSize, Timeline: 2, Known: known, Close: pages.Close}, nil
	}
	for _, f := range walinspect.Functions(rmgr.NewTable(), open) {
		if f.Name == name {
			return f.Call(t.Context(), nil, append(args, f.Defaults[min(len(f.Defaults), len(args)+len(f.Defaults)-len(f.Args)):]...), row)
		}
	}
	t.Fatalf("no function %s", name)
	return nil
}

// The rows are those of the server itself, but for descriptions that only it can write.
func TestRecordsAreTheServers(t *testing.T) {
	l := golden.Load(t, 15)
	said := l.Records(t)
	end, i := said[len(said)-1].End, 0
	err := call(t, l, end, "pg_get_wal_records_info", func(row ...any) error {
		w := said[i]
		i++
		if w.Description == "" && w.Manager != "XLOG" {
			row[9] = ""
		}
		want := []any{w.Start, w.End, w.Prev, int64(w.Xid), w.Manager, w.Type, int64(w.Length), int64(w.Main), int64(w.Images), w.Description, w.References}
		if fmt.Sprint(row) != fmt.Sprint(want) {
			return fmt.Errorf("row %d\nis   %v\nwant %v", i, row, want)
		}
		return nil
	}, l.Start(), end)
	if err != nil || i != len(said) {
		t.Errorf("%d rows of %d, %v", i, len(said), err)
	}
}

// A range ends with the last record that lies in it wholly.
func TestRangeHoldsWholeRecords(t *testing.T) {
	l := golden.Load(t, 15)
	said := l.Records(t)
	for _, c := range []struct {
		from, to wal.LSN
		want     int
	}{
		{said[0].Start, said[4].End, 5},
		{said[0].Start, said[4].End - 1, 4},
		{said[0].Start + 1, said[4].End, 4},
		{said[0].Start, said[0].End - 8, 0},
	} {
		rows := 0
		if err := call(t, l, said[len(said)-1].End, "pg_get_wal_records_info", func(...any) error { rows++; return nil }, c.from, c.to); err != nil || rows != c.want {
			t.Errorf("from %s to %s: %d rows, want %d (%v)", c.from, c.to, rows, c.want, err)
		}
	}
}

func TestBlocksAddUpToRecords(t *testing.T) {
	l := golden.Load(t, 15)
	said := l.Records(t)
	images, references := map[wal.LSN]int64{}, map[wal.LSN]int{}
	err := call(t, l, said[len(said)-1].End, "pg_get_wal_block_info", func(row ...any) error {
		images[row[0].(wal.LSN)] += row[15].(int64)
		references[row[0].(wal.LSN)]++
		data, _ := row[18].([]byte)
		page, _ := row[19].([]byte)
		if (row[16] != nil) != (len(page) == wal.PageSize) || int64(len(data)) != row[14].(int64) {
			return fmt.Errorf("%v: info %v, page of %d bytes, data of %d", row[0], row[16], len(page), len(data))
		}
		return nil
	}, l.Start(), ^wal.LSN(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range said {
		if images[r.Start] != int64(r.Images) || references[r.Start] != strings.Count(r.References, "blkref #") {
			t.Errorf("%s: %d bytes of images in %d references, want %d in %q", r.Start, images[r.Start], references[r.Start], r.Images, r.References)
		}
	}
}

// pg_get_wal_block_info is 16's: columns, types and every row as the server of 16 gave them for its log.
func TestBlocksAreTheServers(t *testing.T) {
	l := golden.Load(t, 16)
	columns, said := l.Blocks(t)
	var ours []string
	for _, f := range walinspect.Functions(rmgr.NewTable(), nil) {
		if f.Name == "pg_get_wal_block_info" {
			for _, c := range f.Returns {
				ours = append(ours, c.Name+" "+datum.TypeName(c.Type))
			}
		}
	}
	if diff := cmp.Diff(columns, ours); diff != "" {
		t.Errorf("columns (-PostgreSQL +ours)\n%s", diff)
	}
	end, err := wal.ParseLSN(said[len(said)-1][1])
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	err = call(t, l, end, "pg_get_wal_block_info", func(row ...any) error {
		if i == len(said) {
			return fmt.Errorf("PostgreSQL has no more rows: %v", row)
		}
		want := said[i]
		got := make([]string, len(row))
		for c, v := range row {
			got[c] = printed(v)
		}
		if want[17] == "" {
			got[17] = "" // only the server can describe it
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("row %d (-PostgreSQL +ours)\n%s", i, diff)
		}
		i++
		return nil
	}, l.Start(), end)
	if err != nil || i != len(said) {
		t.Errorf("%d rows of %d, %v", i, len(said), err)
	}
}

func printed(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		return fmt.Sprintf("%x", md5.Sum(v))
	}
	return fmt.Sprint(v)
}

func TestRefusals(t *testing.T) {
	l := golden.Load(t, 15)
	const known wal.LSN = 0x800000
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"pg_get_wal_record_info", []any{known}, "22023: cannot accept future input LSN (Last known WAL LSN on the database system is at 0/800000.)"},
		{"pg_get_wal_records_info", []any{known, known + 1}, "22023: cannot accept future start LSN (Last known WAL LSN on the database system is at 0/800000.)"},
		{"pg_get_wal_records_info", []any{l.Start(), known + 1}, "22023: cannot accept future end LSN (Last known WAL LSN on the database system is at 0/800000.)"},
		{"pg_get_wal_stats", []any{l.Start() + 8, l.Start()}, "22023: WAL start LSN must be less than end LSN ()"},
		{"pg_get_wal_stats_till_end_of_wal", []any{known}, "22023: cannot accept future start LSN (Last known WAL LSN on the database system is at 0/800000.)"},
		{"pg_get_wal_record_info", []any{wal.LSN(0x28)}, "XX000: could not read WAL at LSN 0/28 ()"},
		{"pg_get_wal_record_info", []any{wal.LSN(0x200028)}, "58P01: requested WAL segment 000000020000000000000002 has already been removed ()"},
	} {
		err := call(t, l, known, c.name, func(...any) error { return nil }, c.args...)
		refusal := (*rmgr.Error)(nil)
		if !errors.As(err, &refusal) {
			t.Errorf("%s%v: %v", c.name, c.args, err)
		} else if got := fmt.Sprintf("%s: %s (%s)", refusal.Code, refusal.Message, refusal.Detail); got != c.want {
			t.Errorf("%s%v\ngave %s\nwant %s", c.name, c.args, got, c.want)
		}
	}
}

// What a call holds does not grow with the range, and it ends when its session does.
func TestRowsAreStreamed(t *testing.T) {
	l := golden.Load(t, 15)
	said := l.Records(t)
	var first, last runtime.MemStats
	rows := 0
	err := call(t, l, said[len(said)-1].End, "pg_get_wal_records_info", func(...any) error {
		if rows++; rows == 100 {
			runtime.GC()
			runtime.ReadMemStats(&first)
		}
		if rows == len(said) {
			runtime.GC()
			runtime.ReadMemStats(&last)
		}
		return nil
	}, l.Start(), said[len(said)-1].End)
	if grown := int64(last.HeapAlloc) - int64(first.HeapAlloc); err != nil || grown > 1<<20 {
		t.Errorf("%d bytes more after %d rows, %v", grown, rows, err)
	}
	enough := errors.New("enough")
	if err := call(t, l, said[len(said)-1].End, "pg_get_wal_records_info", func(...any) error { return enough }, l.Start(), said[9].End); !errors.Is(err, enough) {
		t.Errorf("a row's error became %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pages := l.Pages(t)
	for _, f := range walinspect.Functions(rmgr.NewTable(), func() (*walinspect.Log, error) {
		return &walinspect.Log{Pages: pages, SegmentSize: golden.SegmentSize, Known: said[9].End, Close: pages.Close}, nil
	}) {
		if f.Name == "pg_get_wal_stats" {
			if err := f.Call(ctx, nil, []any{l.Start(), said[9].End, false}, func(...any) error { return nil }); !errors.Is(err, context.Canceled) {
				t.Errorf("a cancelled call ended with %v", err)
			}
		}
	}
}

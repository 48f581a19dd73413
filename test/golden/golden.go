// Package golden gives tests the logs that real servers of PostgreSQL 15 to 18 wrote (make.sh), and
// what those servers say about each record. The files are in wal/testdata/pg15 … pg18.
package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// SegmentSize of all golden logs.
const SegmentSize = 1 << 20

// Magics are those of each major version that there is a log of.
var Magics = map[int]wal.PageMagic{15: wal.PageMagic15, 16: wal.PageMagic16, 17: wal.PageMagic17, 18: wal.PageMagic18}

// A Log is the log of one server. It has two timelines: a standby was promoted near its end.
type Log struct {
	Major   int
	History wal.History
	files   map[string][]byte // by name, decompressed
}

// Each runs a test on each log.
func Each(t *testing.T, test func(t *testing.T, l *Log)) {
	for major := 15; major <= 18; major++ {
		t.Run(fmt.Sprintf("PostgreSQL %d", major), func(t *testing.T) { test(t, Load(t, major)) })
	}
}

// Load reads the log of a major version.
func Load(t testing.TB, major int) *Log {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	l := &Log{Major: major, files: map[string][]byte{}}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(here), "../../wal/testdata/pg"+strconv.Itoa(major), "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden log of PostgreSQL %d: %v", major, err)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, name := range names {
		contents, err := os.ReadFile(name)
		name, packed := strings.CutSuffix(filepath.Base(name), ".zst")
		if packed && err == nil {
			contents, err = d.DecodeAll(contents, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		l.files[name] = contents
	}
	if l.History, err = wal.ParseHistory(2, l.files[wal.HistoryName(2)]); err != nil {
		t.Fatal(err)
	}
	return l
}

// Start is the beginning of the first segment.
func (l *Log) Start() wal.LSN {
	first := ""
	for name := range l.files {
		if _, _, ok := wal.ParseSegmentName(name, SegmentSize); ok && (first == "" || name < first) {
			first = name
		}
	}
	_, start, _ := wal.ParseSegmentName(first, SegmentSize)
	return start
}

// Pages are those along the history.
func (l *Log) Pages(t testing.TB) *segment.Source {
	t.Helper()
	mem := vfs.NewMem()
	for name, contents := range l.files {
		f, err := mem.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = f.WriteAt(contents, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return segment.NewSource(mem, "", SegmentSize, l.History)
}

// Reader reads along the history from the first record that begins in the first segment.
func (l *Log) Reader(t testing.TB) *wal.Reader {
	t.Helper()
	r := wal.NewReader(l.Pages(t), wal.ReaderOptions{SegmentSize: SegmentSize})
	if _, err := r.FindFirst(l.Start()); err != nil {
		t.Fatal(err)
	}
	return r
}

// Unpack writes segments and history to dir, for tools.
func (l *Log) Unpack(t testing.TB, dir string) {
	t.Helper()
	for name, contents := range l.files {
		_, _, segment := wal.ParseSegmentName(name, SegmentSize)
		if !segment && !strings.HasSuffix(name, ".history") {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), contents, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Said is what pg_waldump printed about 15's timeline 1: "lines" (-b), "stats" or "records".
func (l *Log) Said(form string) string { return string(l.files["pg_waldump."+form]) }

// Blocks is what 16's pg_get_wal_block_info() gave for Records' log: its columns as "name type", and its
// rows with "NULL" for NULL, md5 sums in place of the last two columns, and an empty description where
// only the server can write one.
func (l *Log) Blocks(t testing.TB) (columns []string, rows [][]string) {
	t.Helper()
	for line := range strings.Lines(string(l.files["blocks.tsv"])) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	if len(rows) < 2 {
		t.Fatalf("no blocks of PostgreSQL %d", l.Major)
	}
	return rows[0], rows[1:]
}

// A Record is what the server said about a record (pg_walinspect). Description is only that of XLOG,
// Transaction, Standby, LogicalMessage and Generic records.
type Record struct {
	Start, End, Prev        wal.LSN
	Xid                     uint32
	Manager, Type           string
	Length, Main, Images    int
	Description, References string
}

// Records are those of the whole log but for its last few.
func (l *Log) Records(t testing.TB) []Record {
	t.Helper()
	var list []Record
	for line := range strings.Lines(string(l.files["records.tsv"])) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 11 {
			t.Fatalf("not a record: %q", line)
		}
		lsn := func(i int) wal.LSN {
			v, err := wal.ParseLSN(f[i])
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		number := func(i int) int {
			v, err := strconv.Atoi(f[i])
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		list = append(list, Record{lsn(0), lsn(1), lsn(2), uint32(number(3)), f[4], f[5], number(6), number(7), number(8), f[9], f[10]})
	}
	return list
}

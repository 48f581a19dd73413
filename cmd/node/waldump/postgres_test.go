package waldump_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/cmd/node/waldump"
	"github.com/redoubt-wal/redoubt/test/golden"
	"github.com/redoubt-wal/redoubt/test/pg15"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// pgWaldump runs the real one; an error is the last line.
func pgWaldump(t *testing.T, args ...string) string {
	t.Helper()
	out := pg15.Tool(t, "pg_waldump", args...)
	return out.Stdout + strings.ReplaceAll(out.Stderr, "pg_waldump: ", "")
}

// startServer keeps all log.
func startServer(t testing.TB, settings ...string) *pg15.Server {
	return pg15.Start(t, nil, append(settings, "wal_keep_size=4GB", "max_wal_size=4GB")...)
}

// On log that pgbench and some DDL made on a real server, what we print is what pg_waldump prints.
func TestOutputIsPgWaldumpsOnPgbenchLog(t *testing.T) {
	s := startServer(t, "wal_level=logical", "wal_compression=lz4", "track_commit_timestamp=on", "max_prepared_transactions=5")
	s.Pgbench("-i", "-q")
	s.Pgbench("-c", "4", "-t", "300")
	s.SQL("CHECKPOINT")
	s.Pgbench("-c", "2", "-t", "100")
	s.SQL(`CREATE TABLE d (a int PRIMARY KEY, b text); INSERT INTO d SELECT i, 'x' FROM generate_series(1, 500) i; CREATE INDEX ON d USING gin (to_tsvector('simple', b))`)
	s.SQL(`BEGIN; DROP TABLE d; PREPARE TRANSACTION 'gone'`)
	s.SQL(`COMMIT PREPARED 'gone'`)
	s.SQL(`SELECT pg_logical_emit_message(true, 'a "b"', 'c'), pg_logical_emit_message(false, '', repeat('long ', 4000))`)
	s.SQL(`SELECT pg_create_restore_point('here'), pg_switch_wal()`)
	s.SQL(`CREATE DATABASE other STRATEGY wal_log`)
	s.SQL(`VACUUM (FREEZE)`)
	s.SQL(`SELECT pg_backup_start('l', true); SELECT pg_backup_stop(false)`)
	end := s.SQL(`SELECT pg_current_wal_flush_lsn()`)

	dir := filepath.Join(s.Data, "pg_wal")
	all := waldump.Arguments{Path: dir, Start: "0/1000028", End: end}
	flags := []string{"-p", dir, "-s", all.Start, "-e", end}
	for name, c := range map[string]struct {
		flags  []string
		change func(*waldump.Arguments)
	}{
		"records":                     {nil, func(*waldump.Arguments) {}},
		"records with details":        {[]string{"-b"}, func(a *waldump.Arguments) { a.Details = true }},
		"statistics":                  {[]string{"-z"}, func(a *waldump.Arguments) { a.Stats = "rmgr" }},
		"statistics per record":       {[]string{"--stats=record"}, func(a *waldump.Arguments) { a.Stats = "record" }},
		"statistics of some":          {[]string{"--stats=record", "-r", "Heap", "-r", "XLOG", "-w"}, func(a *waldump.Arguments) { a.Stats, a.Rmgrs, a.FullPage = "record", []string{"Heap", "XLOG"}, true }},
		"the first ten commits":       {[]string{"-r", "Transaction", "-n", "10"}, func(a *waldump.Arguments) { a.Rmgrs, a.Limit = []string{"Transaction"}, "10" }},
		"a fork":                      {[]string{"-F", "fsm", "-b"}, func(a *waldump.Arguments) { a.Fork, a.Details = "fsm", true }},
		"a catalogue's block":         {[]string{"-R", "1663/5/1259", "-B", "0"}, func(a *waldump.Arguments) { a.Relation, a.Block = "1663/5/1259", "0" }},
		"from the middle of a record": {[]string{"-s", "0/1000031", "-n", "3"}, func(a *waldump.Arguments) { a.Start, a.Limit = "0/1000031", "3" }},
	} {
		t.Run(name, func(t *testing.T) {
			args := all
			c.change(&args)
			want, got := comparable(pgWaldump(t, append(append([]string{}, flags...), c.flags...)...)), comparable(dump(t, args))
			if diff := firstDifference(want, got); diff != "" || len(want) == 0 {
				t.Errorf("%d lines: %s", len(want), diff)
			}
		})
	}
}

// firstDifference keeps a report short: logs are long.
func firstDifference(want, got []string) string {
	for i := range max(len(want), len(got)) {
		line := func(l []string) string {
			if i < len(l) {
				return l[i]
			}
			return "(no more)"
		}
		if line(want) != line(got) {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, line(want), line(got))
		}
	}
	return ""
}

// Every operation of every manager, named by pg_waldump: 22 × 16, and custom ones.
func TestNamesOfAllOperationsArePgWaldumps(t *testing.T) {
	dir := t.TempDir()
	log, err := segment.Open(segment.Options{FS: vfs.OS(), Dir: dir, SegmentSize: golden.SegmentSize, SystemID: 42})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.StartInsert(golden.SegmentSize, 0, 1); err != nil {
		t.Fatal(err)
	}
	var end wal.LSN
	for id := range 256 {
		for op := range 16 {
			if id := wal.RmgrID(id); !id.Valid() || id == wal.RmgrXLOG && uint8(op)<<4 == wal.XLogSwitch || id == wal.RmgrModules {
				continue
			}
			var b wal.Builder
			b.Begin(wal.RmgrID(id), uint8(op)<<4)
			b.AddMain([]byte{1, 2, 3, 4})
			if err := b.Finish(); err != nil {
				t.Fatal(err)
			}
			if _, end, err = log.Insert(&b, log.RedoPointer()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := log.Flush(end); err != nil {
		t.Fatal(err)
	}
	log.Close()
	want := pgWaldump(t, "-p", dir, "-s", "0/100028", "-e", end.String(), "--stats=record")
	got := dump(t, waldump.Arguments{Path: dir, Start: "0/100028", End: end.String(), Stats: "record"})
	if diff := firstDifference(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" || strings.Count(want, "\n") < 22*15 {
		t.Errorf("%d lines: %s", strings.Count(want, "\n"), diff)
	}
	// Custom managers that nobody has, record by record.
	want = pgWaldump(t, "-p", dir, "-s", "0/100028", "-e", end.String(), "-r", "custom200")
	if got := dump(t, waldump.Arguments{Path: dir, Start: "0/100028", End: end.String(), Rmgrs: []string{"custom200"}}); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

// A damaged log ends where pg_waldump ends it, and with the same words.
func TestDamageIsPgWaldumps(t *testing.T) {
	const second = "000000010000000000000008"
	for name, damage := range map[string]func(seg []byte){
		"a byte of a record":            func(seg []byte) { seg[0x3000] ^= 1 },
		"a page without its magic":      func(seg []byte) { seg[0x4000] = 0 },
		"unknown flags":                 func(seg []byte) { seg[0x4002] |= 0x40 },
		"a page from elsewhere":         func(seg []byte) { seg[0x4009] ^= 0x10 },
		"zeros from a page on":          func(seg []byte) { clear(seg[0x6000:]) },
		"a continuation not marked":     func(seg []byte) { seg[continued(seg)+2] &^= 1 },
		"a continuation of other size":  func(seg []byte) { seg[continued(seg)+16]++ },
		"a timeline that goes back":     func(seg []byte) { seg[0x4004] = 0 },
		"a segment of another size":     func(seg []byte) { seg[34]++ },
		"a first page without its head": func(seg []byte) { clear(seg[:40]) },
		"a length of nothing":           func(seg []byte) { clear(seg[firstRecord(seg) : firstRecord(seg)+4]) },
		"another manager":               func(seg []byte) { seg[firstRecord(seg)+17] = 60 },
		"another record before":         func(seg []byte) { seg[firstRecord(seg)+8] ^= 8 },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			golden.Load(t, 15).Unpack(t, dir)
			file := filepath.Join(dir, second)
			seg, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			damage(seg)
			if err := os.WriteFile(file, seg, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, form := range []string{"", "rmgr"} {
				flags := []string{"-p", dir, "-t", "1", "-s", "0/700028", "-e", "0/814000"}
				if form != "" {
					flags = append(flags, "-z")
				}
				want := comparable(pgWaldump(t, flags...))
				got := comparable(dump(t, waldump.Arguments{Path: dir, Timeline: "1", Start: "0/700028", End: "0/814000", Stats: form}))
				if diff := firstDifference(want, got); diff != "" || !strings.HasPrefix(want[len(want)-1], "error: ") {
					t.Errorf("%d lines: %s", len(want), diff)
				}
			}
		})
	}
}

// Where a file, or the rest of one, is missing both end at once: without statistics, and with the same words.
func TestMissingLogIsPgWaldumps(t *testing.T) {
	const second = "000000010000000000000008"
	compare := func(t *testing.T, args waldump.Arguments, flags ...string) {
		t.Helper()
		want, got := comparable(pgWaldump(t, append(flags, "-p", args.Path, "-t", "1")...)), comparable(dump(t, args))
		if diff := firstDifference(want, got); diff != "" {
			t.Errorf("%v: %d lines: %s", flags, len(want), diff)
		}
	}
	t.Run("a file", func(t *testing.T) { // once: pg_waldump asks for it for five seconds
		dir := t.TempDir()
		golden.Load(t, 15).Unpack(t, dir)
		if err := os.Remove(filepath.Join(dir, second)); err != nil {
			t.Fatal(err)
		}
		compare(t, waldump.Arguments{Path: dir, Timeline: "1", Start: "0/700028", Stats: "rmgr"}, "-s", "0/700028", "-z")
	})
	for name, size := range map[string]int64{
		"half of a page":            0x7000 + 100,
		"half of the first page":    5000,
		"whole pages":               0x8000,
		"a page behind -e's":        0x16000,
		"less than -e's page needs": 0x14000 + 500,
		"as much as -e's page has":  0x14000 + 1000,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			golden.Load(t, 15).Unpack(t, dir)
			if err := os.Truncate(filepath.Join(dir, second), size); err != nil {
				t.Fatal(err)
			}
			for _, start := range []string{"0/700028", "0/80C123"} {
				args := waldump.Arguments{Path: dir, Timeline: "1", Start: start}
				compare(t, args, "-s", start)
				args.Stats = "rmgr"
				compare(t, args, "-s", start, "-z")
				for _, end := range []string{"0/8143E8", "0/900100"} {
					args.End = end
					compare(t, args, "-s", start, "-e", end, "-z")
				}
			}
		})
	}
}

// A segment's name says which timeline is read, whatever --timeline says.
func TestTimelinesOfSegmentsArePgWaldumps(t *testing.T) {
	dir := t.TempDir()
	golden.Load(t, 15).Unpack(t, dir)
	for _, files := range [][]string{
		{"000000010000000000000007"}, {"000000010000000000000007", "000000010000000000000008"}, {"000000020000000000000008"},
		{"000000010000000000000007", "000000020000000000000008"},
	} {
		for _, timeline := range []string{"", "1", "2", "7"} {
			flags := []string{"-p", dir}
			if timeline != "" {
				flags = append(flags, "-t", timeline)
			}
			want := comparable(pgWaldump(t, append(flags, files...)...))
			got := comparable(dump(t, waldump.Arguments{Path: dir, Timeline: timeline, Files: files}))
			if diff := firstDifference(want, got); diff != "" {
				t.Errorf("-t %q %v: %d lines: %s", timeline, files, len(want), diff)
			}
		}
	}
}

// continued finds the second page that begins inside a record.
func continued(seg []byte) int {
	for at := 0x2000; ; at += wal.PageSize {
		if seg[at+2]&1 != 0 {
			return at
		}
	}
}

// firstRecord finds the first record of the third page.
func firstRecord(seg []byte) int {
	h, _ := wal.DecodePageHeader(seg[0x4000:])
	return 0x4000 + h.Size() + int(wal.Align8(h.RemLen))
}

// BenchmarkStatistics compares with pg_waldump, the file cache warm: the same log, one after the other.
func BenchmarkStatistics(b *testing.B) {
	s := startServer(b)
	s.Pgbench("-i", "-q", "-s", "20")
	s.Pgbench("-c", "4", "-t", "20000", "-M", "prepared")
	end := s.SQL("SELECT pg_current_wal_flush_lsn()")
	to, err := wal.ParseLSN(end)
	if err != nil {
		b.Fatal(err)
	}
	node := filepath.Join(b.TempDir(), "node")
	if out, err := exec.Command("go", "build", "-o", node, "../../../cmd/node").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	args := []string{"-p", filepath.Join(s.Data, "pg_wal"), "-s", "0/1000028", "-e", end, "--stats"}
	for _, tool := range []struct {
		name    string
		command []string
	}{{"pg_waldump", []string{"/usr/lib/postgresql/15/bin/pg_waldump"}}, {"node", []string{node, "waldump"}}} {
		b.Run(tool.name, func(b *testing.B) {
			b.SetBytes(int64(to - 0x1000028))
			for b.Loop() {
				if out, err := exec.Command(tool.command[0], append(tool.command[1:], args...)...).CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
			}
		})
	}
}

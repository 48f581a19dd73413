package interop_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/test/pg15"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

const mib = 1 << 20

// theirs is a real server with small segments, which soon come round again, and pgbench's tables.
func theirs(t *testing.T, settings ...string) *pg15.Server {
	settings = append([]string{"max_wal_size=4MB", "min_wal_size=3MB", "wal_level=logical", "track_commit_timestamp=on"}, settings...)
	s := pg15.Start(t, []string{"--wal-segsize=1", "-k"}, settings...)
	s.Pgbench("-i", "-q")
	s.Pgbench("-c", "4", "-t", "500", "-M", "prepared")
	return s
}

// ours is a node's directory after n changes and a clean stop, and the engine's options.
func ours(t *testing.T, n int) engine.Options {
	t.Helper()
	table := rmgr.NewTable()
	if err := table.Load([]rmgr.Module{kv.Module}, []string{"kv"}); err != nil {
		t.Fatal(err)
	}
	table.Seal()
	o := engine.Options{Dir: filepath.Join(t.TempDir(), "data"), FS: vfs.OS(), Now: time.Now, Table: table, FullPageWrites: true, WALKeepSize: 1 << 30}
	if err := engine.Init(o.FS, o.Dir, engine.InitOptions{SegmentSize: mib, Now: time.Now(), Table: table}); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	e, err := engine.Open(ctx, o)
	if err == nil {
		err = e.Promote(ctx, 1, "a test")
	}
	if err != nil {
		t.Fatal(err)
	}
	put, _ := table.Function("kv_put")
	for i := range n {
		if _, err := e.Call(ctx, &put, []any{fmt.Sprint("key", i), strings.Repeat("v", 500)}, func(...any) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if i == n/2 {
			if err := e.Checkpoint(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return o
}

// tool runs one of PostgreSQL's tools, which must succeed without a word of complaint.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out := pg15.Tool(t, name, args...)
	if out.Code != 0 || out.Stderr != "" {
		t.Fatalf("%s %q ends with %d\n%s%s", name, args, out.Code, out.Stdout, out.Stderr)
	}
	return out.Stdout
}

func control(t *testing.T, dir string) *controlfile.File {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "global", "pg_control"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := controlfile.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPgControldataSaysWhatWeRead(t *testing.T) {
	s := theirs(t)
	check := func(name, dir string) {
		said := map[string]string{}
		for line := range strings.Lines(tool(t, "pg_controldata", dir)) {
			key, value, _ := strings.Cut(line, ":")
			said[key] = strings.TrimSpace(value)
		}
		read := described(control(t, dir))
		for key := range read {
			if _, ok := said[key]; !ok {
				t.Errorf("%s: pg_controldata says nothing of %q", name, key)
			}
		}
		for key := range said {
			if _, ok := read[key]; !ok {
				delete(said, key) // what is the same in every file, such as the size of a double
			}
		}
		if diff := cmp.Diff(said, read); diff != "" || len(read) < 30 {
			t.Errorf("%s: pg_controldata (-) and we (+)\n%s", name, diff)
		}
	}
	check("a running PostgreSQL", s.Data)
	s.Stop("immediate")
	check("a PostgreSQL that crashed", s.Data)
	s.Restart()
	s.Stop("fast")
	check("a PostgreSQL that was stopped", s.Data)
	check("a node", ours(t, 50).Dir)
}

// described is a control file in pg_controldata's words.
func described(f *controlfile.File) map[string]string {
	c := f.CheckPointCopy
	onOff := map[bool]string{true: "on", false: "off"}
	yesNo := map[bool]string{true: "yes", false: "no"}
	num := func(n any) string { return fmt.Sprint(n) }
	at := func(t time.Time) string { return t.UTC().Format("Mon Jan _2 15:04:05 2006") }
	return map[string]string{
		"Database system identifier":            num(f.SystemID),
		"Database cluster state":                f.State.String(),
		"pg_control last modified":              at(f.Time),
		"Latest checkpoint location":            f.CheckPoint.String(),
		"Latest checkpoint's REDO location":     c.Redo.String(),
		"Latest checkpoint's REDO WAL file":     wal.SegmentName(c.Timeline, c.Redo, uint64(f.SegmentSize)),
		"Latest checkpoint's TimeLineID":        num(c.Timeline),
		"Latest checkpoint's PrevTimeLineID":    num(c.PrevTimeline),
		"Latest checkpoint's full_page_writes":  onOff[c.FullPageWrites],
		"Latest checkpoint's NextXID":           fmt.Sprintf("%d:%d", c.NextXid>>32, uint32(c.NextXid)),
		"Latest checkpoint's NextOID":           num(c.NextOID),
		"Latest checkpoint's NextMultiXactId":   num(c.NextMulti),
		"Latest checkpoint's NextMultiOffset":   num(c.NextMultiOff),
		"Latest checkpoint's oldestXID":         num(c.OldestXid),
		"Latest checkpoint's oldestXID's DB":    num(c.OldestXidDB),
		"Latest checkpoint's oldestActiveXID":   num(c.OldestActiveXid),
		"Latest checkpoint's oldestMultiXid":    num(c.OldestMulti),
		"Latest checkpoint's oldestMulti's DB":  num(c.OldestMultiDB),
		"Latest checkpoint's oldestCommitTsXid": num(c.OldestCommitTsXid),
		"Latest checkpoint's newestCommitTsXid": num(c.NewestCommitTsXid),
		"Time of latest checkpoint":             at(time.Unix(c.Time, 0)),
		"Fake LSN counter for unlogged rels":    f.UnloggedLSN.String(),
		"Minimum recovery ending location":      f.MinRecoveryPoint.String(),
		"Min recovery ending loc's timeline":    num(f.MinRecoveryTimeline),
		"Backup start location":                 f.BackupStart.String(),
		"Backup end location":                   f.BackupEnd.String(),
		"End-of-backup record required":         yesNo[f.BackupEndRequired],
		"wal_level setting":                     []string{"minimal", "replica", "logical"}[f.WALLevel],
		"wal_log_hints setting":                 onOff[f.WALLogHints],
		"max_connections setting":               num(f.MaxConnections),
		"max_worker_processes setting":          num(f.MaxWorkerProcesses),
		"max_wal_senders setting":               num(f.MaxWALSenders),
		"max_prepared_xacts setting":            num(f.MaxPreparedXacts),
		"max_locks_per_xact setting":            num(f.MaxLocksPerXact),
		"track_commit_timestamp setting":        onOff[f.TrackCommitTS],
		"Bytes per WAL segment":                 num(f.SegmentSize),
		"Data page checksum version":            num(f.DataChecksumVersion),
		"Mock authentication nonce":             fmt.Sprintf("%x", f.Nonce),
	}
}

var relationFile = regexp.MustCompile(`^[0-9]+(_fsm|_vm|_init)?(\.([0-9]+))?$`)

// pages calls each for every page of every relation file.
func pages(t *testing.T, dir string, each func(name string, block uint32, p []byte)) {
	t.Helper()
	for _, pattern := range []string{"global/*", "base/*/*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			m := relationFile.FindStringSubmatch(filepath.Base(name))
			if m == nil {
				continue
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			nth, _ := strconv.Atoi(m[3])
			for i := 0; (i+1)*page.Size <= len(b); i++ {
				each(name, uint32(nth*(1<<30/page.Size)+i), b[i*page.Size:(i+1)*page.Size])
			}
		}
	}
}

// pg_checksums scans as many pages as we, and both find none, or the same damaged one.
func TestPgChecksumsFindsWhatWeFind(t *testing.T) {
	s := theirs(t)
	s.Stop("fast")
	for name, dir := range map[string]string{"PostgreSQL's pages": s.Data, "ours": ours(t, 2000).Dir} {
		t.Run(name, func(t *testing.T) {
			scanned, bad, victim := 0, 0, ""
			verify := func() {
				scanned, bad = 0, 0
				pages(t, dir, func(name string, block uint32, p []byte) {
					scanned++
					if page.Verify(p, block) != nil {
						bad++
					}
					if !page.IsNew(p) && block == 0 {
						victim = name
					}
				})
			}
			compare := func(code int) {
				out := pg15.Tool(t, "pg_checksums", "--check", "-D", dir)
				for _, want := range []string{fmt.Sprintf("Blocks scanned:  %d\n", scanned), fmt.Sprintf("Bad checksums:  %d\n", bad)} {
					if !strings.Contains(out.Stdout, want) || out.Code != code {
						t.Errorf("pg_checksums ends with %d and %q, want %d and %q", out.Code, out.Stdout, code, want)
					}
				}
			}
			if verify(); bad != 0 || scanned < 100 {
				t.Errorf("we find %d bad pages of %d", bad, scanned)
			}
			compare(0)
			f, err := os.OpenFile(victim, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			b := make([]byte, 1)
			if _, err := f.ReadAt(b, 5000); err != nil {
				t.Fatal(err)
			}
			b[0] ^= 0x10
			if _, err := f.WriteAt(b, 5000); err != nil {
				t.Fatal(err)
			}
			if verify(); bad != 1 {
				t.Errorf("we find %d bad pages after one byte of %s was changed", bad, victim)
			}
			compare(1)
		})
	}
}

// pg_archivecleanup removes what Recycle would, by the same order of names, and leaves a log that the
// engine starts from.
func TestPgArchivecleanupOnOurLog(t *testing.T) {
	o := ours(t, 8000)
	dir := filepath.Join(o.Dir, "pg_wal")
	redo := control(t, o.Dir).CheckPointCopy.Redo
	keep := wal.SegmentName(1, redo, mib)
	// What may lie beside segments in an archive: none of it is younger than keep.
	old := wal.SegmentName(1, mib, mib)
	for _, name := range []string{"00000002.history", old + ".partial", old + ".00000028.backup"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := func() (names []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !e.IsDir() {
				names = append(names, e.Name())
			}
		}
		return names
	}
	want := slices.DeleteFunc(list(), func(name string) bool {
		_, start, ok := wal.ParseSegmentName(strings.TrimSuffix(name, ".partial"), mib)
		return ok && start+mib <= redo
	})
	if n := len(list()) - len(want); n < 3 {
		t.Fatalf("only %d segments are old", n)
	}
	tool(t, "pg_archivecleanup", dir, keep)
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("files left (-want +got)\n%s", diff)
	}
	e, err := engine.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Positions().Oldest; got != redo&^(mib-1) {
		t.Errorf("the oldest segment is %s, the redo point %s", got, redo)
	}
	e.Abort()
}

var redoDone = regexp.MustCompile(`redo done at ([0-9A-F]+/[0-9A-F]+) `)

// After a crash with segments that were recycled and hold old records, we find the log's end where
// PostgreSQL's own recovery does.
func TestTheEndOfARecycledLogIsWherePostgreSQLFindsIt(t *testing.T) {
	// More segments are recycled than a round of the loop writes: some are always left stale.
	s := theirs(t, "max_wal_size=64MB", "min_wal_size=64MB")
	s.Pgbench("-c", "4", "-t", "1000", "-M", "prepared")
	s.SQL("CHECKPOINT")
	for range 3 {
		s.Pgbench("-c", "4", "-t", "100", "-M", "prepared")
		s.Stop("immediate")
		f, dir := control(t, s.Data), filepath.Join(s.Data, "pg_wal")
		if stale(t, dir) == 0 {
			t.Error("no segment of this log was recycled")
		}
		src := segment.NewSource(vfs.OS(), dir, mib, wal.NewHistory(1))
		r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib, SystemID: f.SystemID, MustReach: f.CheckPoint})
		end, err := segment.EndOfLog(r, f.CheckPointCopy.Redo, nil)
		if err != nil {
			t.Fatal(err)
		}
		src.Close()
		s.Restart()
		done := redoDone.FindAllStringSubmatch(s.Log(), -1)
		if len(done) == 0 || done[len(done)-1][1] != end.Last.String() {
			t.Errorf("our last record is %s (then %v), redo was done at %v", end.Last, end.Cause, done)
		}
	}
}

// stale counts the segments that begin with the page of an earlier one.
func stale(t *testing.T, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		_, start, ok := wal.ParseSegmentName(e.Name(), mib)
		if !ok {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if h, err := wal.DecodePageHeader(b); err == nil && h.Addr != 0 && h.Addr < start {
			n++
		}
	}
	return n
}

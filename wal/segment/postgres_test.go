package segment_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// postgres finds a program of PostgreSQL 15.
func postgres(t *testing.T, name string) string {
	t.Helper()
	p := filepath.Join("/usr/lib/postgresql/15/bin", name)
	if _, err := os.Stat(p); err == nil {
		return p
	}
	p, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s of PostgreSQL 15 is needed: install the Debian package postgresql-15", name)
	}
	return p
}

// asServer makes cmd run as a user that PostgreSQL accepts: it refuses root.
func asServer(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		return cmd
	}
	uid, gid := serverUser(t)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	return cmd
}

func serverUser(t *testing.T) (uid, gid uint32) {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("running as root, a user postgres is needed: install the Debian package postgresql-15 (%v)", err)
	}
	id := func(s string) uint32 { n, _ := strconv.ParseUint(s, 10, 32); return uint32(n) }
	return id(u.Uid), id(u.Gid)
}

// serverDir is a new directory that the server may write to.
func serverDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "redoubt-postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		uid, gid := serverUser(t)
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, stderr.Bytes())
	}
	return string(out)
}

// waldump returns pg_waldump's record lines from start on, up to where the log ends.
func waldump(t *testing.T, dir string, start, end wal.LSN, more ...string) []string {
	t.Helper()
	cmd := exec.Command(postgres(t, "pg_waldump"), append([]string{"-p", dir, "-s", start.String(), "-e", end.String()}, more...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return strings.Split(strings.TrimSuffix(run(t, cmd), "\n"), "\n")
}

var beforeDescription = regexp.MustCompile(`^rmgr: .*, desc: `)
var blockReference = regexp.MustCompile(`blkref #(\d+): rel (\d+)/(\d+)/(\d+)(?: fork (\w+))? blk (\d+)( FPW)?`)

// essence is what of a pg_waldump line does not need knowledge of the manager.
func essence(line string) string {
	head := strings.TrimSuffix(beforeDescription.FindString(line), ", desc: ")
	for _, m := range blockReference.FindAllStringSubmatch(line, -1) {
		if m[5] == "" {
			m[5] = "main"
		}
		head += fmt.Sprintf(" [%s %s/%s/%s %s %s%s]", m[1], m[2], m[3], m[4], m[5], m[6], m[7])
	}
	return head
}

var managers = []string{"XLOG", "Transaction", "Storage", "CLOG", "Database", "Tablespace", "MultiXact", "RelMap", "Standby",
	"Heap2", "Heap", "Btree", "Hash", "Gin", "Gist", "Sequence", "SPGist", "BRIN", "CommitTs", "ReplicationOrigin", "Generic", "LogicalMessage"}

// line is the same of a record that we read.
func line(r *wal.Record) string {
	name := fmt.Sprintf("custom%03d", r.Rmgr)
	if int(r.Rmgr) < len(managers) {
		name = managers[r.Rmgr]
	}
	images, blocks := 0, ""
	for i := range r.Blocks {
		b := &r.Blocks[i]
		images += len(b.Image)
		blocks += fmt.Sprintf(" [%d %s %s %d", b.ID, b.Rel, b.Fork, b.Block)
		if b.HasImage() {
			blocks += " FPW"
		}
		blocks += "]"
	}
	return fmt.Sprintf("rmgr: %-11s len (rec/tot): %6d/%6d, tx: %10d, lsn: %X/%08X, prev %X/%08X", name, int(r.Total)-images, r.Total, r.Xid,
		uint32(r.LSN>>32), uint32(r.LSN), uint32(r.Prev>>32), uint32(r.Prev)) + blocks
}

// ours reads the log in dir and returns its lines and end.
func ours(t *testing.T, dir string, start wal.LSN, each func(*wal.Record)) ([]string, segment.End) {
	t.Helper()
	src := segment.NewSource(vfs.OS(), dir, mib, wal.NewHistory(1))
	defer src.Close()
	var lines []string
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib})
	start, err := r.FindFirst(start) // the first segment left may begin inside a record
	if err != nil {
		t.Fatal(err)
	}
	end, err := segment.EndOfLog(r, start, func(r *wal.Record) error {
		lines = append(lines, line(r))
		if each != nil {
			each(r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines, end
}

func compare(t *testing.T, dir string, start wal.LSN, each func(*wal.Record)) int {
	t.Helper()
	got, end := ours(t, dir, start, each)
	var want []string
	for _, l := range waldump(t, dir, start+40, end.LSN) {
		if strings.HasPrefix(l, "rmgr:") { // not "first record is after …"
			want = append(want, essence(l))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pg_waldump (-) and we (+) read different records:\n%s", diff)
	}
	return len(got)
}

func TestPgWaldumpReadsOurLog(t *testing.T) {
	dir := t.TempDir() + "/pg_wal"
	l := opened(t, segment.Options{FS: vfs.OS(), Dir: dir, BufferSize: 32 << 10})
	var b wal.Builder
	page := make([]byte, wal.PageSize)
	copy(page[12:], []byte{100, 0, 0, 31}) // a hole from 100 to 7936
	for i := range 3000 {
		switch {
		case i%500 == 499:
			message(&b, i, 3*mib/2)
		case i%400 == 399:
			if _, err := l.SwitchSegment(); err != nil {
				t.Fatal(err)
			}
			continue
		case i%7 == 0:
			b.SetCompression(wal.Compression(i % 3))
			b.Begin(wal.RmgrExperimental, 0x20)
			b.SetXid(uint32(i + 3))
			rel := wal.RelFileLocator{Spc: 1663, DB: 5, Rel: 100000}
			b.AddBlockImage(wal.BlockRef{ID: 0, Rel: rel, Block: uint32(i)}, page, true)
			b.AddBlock(wal.BlockRef{ID: 1, Rel: rel, Block: 1, Fork: wal.ForkFSM, Data: []byte("data")})
			b.AddMain([]byte("main"))
			if err := b.Finish(); err != nil {
				t.Fatal(err)
			}
		default:
			message(&b, i, i%700)
		}
		if _, _, err := l.Insert(&b, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(l.InsertLSN()); err != nil {
		t.Fatal(err)
	}
	if n := compare(t, dir, mib, nil); n < 2990 {
		t.Errorf("only %d records were compared", n)
	}
}

const workload = `
create table t (id int primary key, x text);
insert into t select i, repeat(md5(i::text), 5) from generate_series(1, 3000) i;
checkpoint;
update t set x = x || 'y' where id % 3 = 0;
delete from t where id % 5 = 0;
select pg_logical_emit_message(false, 'big', repeat('x', 50000));
select pg_logical_emit_message(true, 'small', 'hello');
select pg_create_restore_point('here');
select pg_switch_wal();
vacuum t;
create index on t (x);
checkpoint;
insert into t select i, 'z' from generate_series(10000, 10200) i;
`

func TestWeReadTheLogOfPostgreSQL(t *testing.T) {
	dir := serverDir(t) + "/data"
	run(t, asServer(t, exec.Command(postgres(t, "initdb"), "-D", dir, "-N", "--wal-segsize=1", "-A", "trust", "-U", "postgres", "--no-instructions")))
	for _, compression := range []string{"off", "pglz", "lz4", "zstd"} {
		cmd := asServer(t, exec.Command(postgres(t, "postgres"), "--single", "-D", dir, "-c", "wal_compression="+compression, "-c", "wal_level=logical",
			"-c", "wal_keep_size=1GB", "-c", "fsync=off", "-c", "track_commit_timestamp=on", "postgres"))
		cmd.Stdin = strings.NewReader(strings.ReplaceAll(workload, "table t ", "table if not exists t ") + "drop table t;\n")
		cmd.Dir = filepath.Dir(dir)
		run(t, cmd)
	}
	segments, err := os.ReadDir(dir + "/pg_wal")
	if err != nil {
		t.Fatal(err)
	}
	_, start, _ := wal.ParseSegmentName(segments[0].Name(), mib)
	compressed := map[uint8]int{}
	payloads := map[string]int{}
	n := compare(t, dir+"/pg_wal", start, func(r *wal.Record) { checkRecord(t, r, compressed, payloads) })
	if n < 10_000 {
		t.Errorf("only %d records were compared", n)
	}
	for _, kind := range []uint8{0, wal.ImagePGLZ, wal.ImageLZ4, wal.ImageZstd} {
		if compressed[kind] == 0 {
			t.Errorf("no image of compression %02X was restored: %v", kind, compressed)
		}
	}
	for _, kind := range []string{"checkpoint", "commit", "message", "restore point", "running", "parameter change"} {
		if payloads[kind] == 0 {
			t.Errorf("no %s was decoded: %v", kind, payloads)
		}
	}
}

// checkRecord decodes what of a record we know and restores its images.
func checkRecord(t *testing.T, r *wal.Record, images map[uint8]int, payloads map[string]int) {
	t.Helper()
	page := make([]byte, wal.PageSize)
	for i := range r.Blocks {
		b := &r.Blocks[i]
		if !b.HasImage() {
			continue
		}
		if err := wal.RestoreImage(b, page); err != nil {
			t.Errorf("%s: %v", r.LSN, err)
		}
		if version := uint16(page[18]) | uint16(page[19])<<8; version != 0x2004 && version != 0 {
			t.Errorf("%s, block %d: restored page has version %04X", r.LSN, b.ID, version)
		}
		images[b.ImageInfo&(wal.ImagePGLZ|wal.ImageLZ4|wal.ImageZstd)]++
	}
	kind, err := "", error(nil)
	switch {
	case r.Rmgr == wal.RmgrXLOG && r.Op() <= wal.XLogCheckpointOnline:
		kind = "checkpoint"
		var c wal.Checkpoint
		if c, err = wal.DecodeCheckpoint(r.Main); c.Redo > r.LSN || c.Timeline != 1 || c.NextXid < 3 {
			t.Errorf("%s: checkpoint %+v", r.LSN, c)
		}
	case r.Rmgr == wal.RmgrXLOG && r.Op() == wal.XLogRestorePoint:
		kind = "restore point"
		var p wal.RestorePoint
		if p, err = wal.DecodeRestorePoint(r.Main); p.Name != "here" {
			t.Errorf("%s: restore point %q", r.LSN, p.Name)
		}
	case r.Rmgr == wal.RmgrXLOG && r.Op() == wal.XLogParameterChange:
		kind = "parameter change"
		_, err = wal.DecodeParameterChange(r.Main)
	case r.Rmgr == wal.RmgrTransaction && r.Info&wal.XactOpMask == wal.XactCommit:
		kind = "commit"
		_, err = wal.DecodeXactEnd(r.Info, r.Main)
	case r.Rmgr == wal.RmgrStandby && r.Op() == wal.StandbyRunningXacts:
		kind = "running"
		_, err = wal.DecodeRunningXacts(r.Main)
	case r.Rmgr == wal.RmgrLogicalMessage:
		kind = "message"
		var m wal.LogicalMessage
		if m, err = wal.DecodeLogicalMessage(r.Main); m.Prefix != "big" && m.Prefix != "small" {
			t.Errorf("%s: message %q", r.LSN, m.Prefix)
		}
	}
	if err != nil {
		t.Errorf("%s: %v", r.LSN, err)
	}
	payloads[kind]++
}

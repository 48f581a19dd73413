package waldump_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/cmd/node/waldump"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/test/golden"
	"github.com/redoubt-wal/redoubt/wal"
)

// dump runs node waldump; an error is the last line.
func dump(t *testing.T, args waldump.Arguments) string {
	t.Helper()
	table := rmgr.NewTable()
	o, err := args.Options(table)
	var out bytes.Buffer
	if err == nil {
		err = waldump.Run(t.Context(), &out, table, time.UTC, o)
	}
	if err != nil {
		out.WriteString("error: " + err.Error() + "\n")
	}
	return out.String()
}

// described are the managers whose records we describe as PostgreSQL does.
var described = map[string]bool{"XLOG": true, "Transaction": true, "Standby": true, "LogicalMessage": true, "Generic": true}

// comparable drops from record lines what only PostgreSQL knows: descriptions of its other managers.
func comparable(lines string) []string {
	var out []string
	for line := range strings.Lines(lines) {
		line = strings.TrimSuffix(line, "\n")
		head, rest, ok := strings.Cut(line, ", desc: ")
		if name := strings.Fields(strings.TrimPrefix(line, "rmgr: ")); ok && !described[name[0]] {
			blocks := ""
			if i := strings.Index(rest, ", blkref #"); i >= 0 {
				blocks = rest[i:]
			}
			op, _, _ := strings.Cut(rest, " ")
			line = head + ", desc: " + op + blocks
		}
		out = append(out, line)
	}
	return out
}

func TestOutputIsPgWaldumpsOnItsOwnLog(t *testing.T) {
	l := golden.Load(t, 15)
	dir := t.TempDir()
	l.Unpack(t, dir)
	args := waldump.Arguments{Path: dir, Start: l.Start().String(), Timeline: "1"}
	for name, c := range map[string]struct {
		form   string
		change func(*waldump.Arguments)
	}{
		"records with block details": {"lines", func(a *waldump.Arguments) { a.Details = true }},
		"statistics":                 {"stats", func(a *waldump.Arguments) { a.Stats = "rmgr" }},
		"statistics per record":      {"records", func(a *waldump.Arguments) { a.Stats = "record" }},
	} {
		t.Run(name, func(t *testing.T) {
			args := args
			c.change(&args)
			got, end, ok := strings.Cut(dump(t, args), "error: ")
			if diff := cmp.Diff(comparable(l.Said(c.form)), comparable(got)); diff != "" {
				t.Errorf("pg_waldump (-) and we (+) differ:\n%s", diff)
			}
			if want := "error in WAL record at 0/902138: invalid record length at 0/9021B0: wanted 24, got 0\n"; !ok || !strings.HasPrefix(end, "error in WAL record at ") || !strings.HasSuffix(end, ": wanted 24, got 0\n") {
				t.Errorf("ends with %q, want such as %q", end, want)
			}
		})
	}
}

// A directory's log is read from its beginning along the newest timeline, whatever PostgreSQL wrote it.
func TestWholeLogsOfEveryVersion(t *testing.T) {
	golden.Each(t, func(t *testing.T, l *golden.Log) {
		dir := t.TempDir()
		l.Unpack(t, dir)
		out := dump(t, waldump.Arguments{Path: dir})
		if strings.Contains(out, "error:") || strings.Contains(out, "UNKNOWN") || strings.Contains(out, "malformed") {
			t.Errorf("output has errors: %s", out[max(0, len(out)-300):])
		}
		lines, said := strings.Split(strings.TrimSuffix(out, "\n"), "\n"), l.Records(t)
		if len(lines) < len(said) || !strings.Contains(out, "END_OF_RECOVERY tli 2; prev tli 1") {
			t.Errorf("%d lines for at least %d records", len(lines), len(said))
		}
		// What is counted is what is there, on one processor or more.
		end := said[len(said)-1].End.String()
		for _, stats := range []string{"rmgr", "record"} {
			args := waldump.Arguments{Path: dir, Start: l.Start().String(), End: end, Stats: stats}
			parts := dump(t, args)
			args.Limit = "1000000" // in order
			if whole := dump(t, args); parts != whole || strings.Contains(whole, "error") {
				t.Errorf("counted in parts\n%s\nin order\n%s", parts, whole)
			}
		}
	})
}

func TestFilters(t *testing.T) {
	l := golden.Load(t, 15)
	dir := t.TempDir()
	l.Unpack(t, dir)
	all := waldump.Arguments{Path: dir, Start: l.Start().String(), End: "0/902138"}
	for name, c := range map[string]struct {
		change func(*waldump.Arguments)
		fits   func(line string) bool
	}{
		"everything":               {func(*waldump.Arguments) {}, func(string) bool { return true }},
		"a manager, by any case":   {func(a *waldump.Arguments) { a.Rmgrs = []string{"hEaP"} }, has("rmgr: Heap ")},
		"two managers":             {func(a *waldump.Arguments) { a.Rmgrs = []string{"XLOG", "Gin"} }, func(l string) bool { return has("rmgr: XLOG ")(l) || has("rmgr: Gin ")(l) }},
		"a custom one not there":   {func(a *waldump.Arguments) { a.Rmgrs = []string{"custom200"} }, func(string) bool { return false }},
		"a transaction":            {func(a *waldump.Arguments) { a.Xid = "730" }, has("tx:        730,")},
		"page images":              {func(a *waldump.Arguments) { a.FullPage = true }, image},
		"a fork":                   {func(a *waldump.Arguments) { a.Fork = "vm" }, has(" fork vm ")},
		"a relation":               {func(a *waldump.Arguments) { a.Relation = "1663/5/16384" }, has("rel 1663/5/16384 ")},
		"a block":                  {func(a *waldump.Arguments) { a.Relation, a.Block = "1663/5/16384", "1" }, has("rel 1663/5/16384 blk 1")},
		"a relation's fork":        {func(a *waldump.Arguments) { a.Relation, a.Fork = "1663/5/16384", "vm" }, has("rel 1663/5/16384 fork vm")},
		"images of a manager":      {func(a *waldump.Arguments) { a.FullPage, a.Rmgrs = true, []string{"Btree"} }, func(l string) bool { return image(l) && has("rmgr: Btree")(l) }},
		"nothing but errors (yet)": {func(a *waldump.Arguments) { a.Quiet = true }, func(string) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			args := all
			c.change(&args)
			want := ""
			for line := range strings.Lines(dump(t, all)) {
				if c.fits(line) {
					want += line
				}
			}
			got := dump(t, args)
			if strings.HasPrefix(name, "a block") { // blk 1 is also the beginning of blk 10
				want = strings.Join(grep(strings.SplitAfter(want, "\n"), func(l string) bool { return has("blk 1,")(l) || has("blk 1\n")(l) || has("blk 1 ")(l) }), "")
			}
			if got != want {
				t.Errorf("%d lines, want %d", strings.Count(got, "\n"), strings.Count(want, "\n"))
			}
		})
	}
}

func has(s string) func(string) bool {
	return func(line string) bool { return strings.Contains(line, s) }
}

func image(line string) bool { return has(" FPW")(line) && !has("FPW_CHANGE")(line) }

func grep(lines []string, fits func(string) bool) (out []string) {
	for _, l := range lines {
		if fits(l) {
			out = append(out, l)
		}
	}
	return out
}

func TestBadArguments(t *testing.T) {
	dir := t.TempDir()
	golden.Load(t, 15).Unpack(t, dir)
	seven, eight := filepath.Join(dir, "000000010000000000000007"), filepath.Join(dir, "000000010000000000000008")
	for want, args := range map[string]waldump.Arguments{
		`invalid WAL location: "x"`:                                                 {Start: "x"},
		`invalid WAL location: "1"`:                                                 {End: "1"},
		`invalid timeline specification: "0"`:                                       {Timeline: "0"},
		`invalid transaction ID specification: "-1"`:                                {Xid: "-1"},
		`invalid value "many" for option -n/--limit`:                                {Limit: "many"},
		`invalid block number: "4294967295"`:                                        {Block: "4294967295", Relation: "1/2/3"},
		`option -B/--block requires option -R/--relation to be specified`:           {Block: "1"},
		`invalid relation specification: "0/1/2"`:                                   {Relation: "0/1/2"},
		`invalid fork name: "FSM"`:                                                  {Fork: "FSM"},
		`resource manager "kv" does not exist`:                                      {Rmgrs: []string{"kv"}},
		`custom resource manager "custom127" does not exist`:                        {Rmgrs: []string{"custom127"}},
		`unrecognized value for option --stats: x`:                                  {Stats: "x"},
		`too many command-line arguments (first is "c")`:                            {Files: []string{"a", "b", "c"}},
		`could not locate WAL file "000000010000000000000099"`:                      {Path: dir, Files: []string{"000000010000000000000099"}},
		`could not find any WAL file`:                                               {Path: t.TempDir()},
		`could not open directory "` + dir + `/none": No such file or directory`:    {Path: dir + "/none"},
		`ENDSEG ` + seven + ` is before STARTSEG ` + eight:                          {Files: []string{eight, seven}},
		`start WAL location 0/900028 is not inside file "000000010000000000000008"`: {Files: []string{eight}, Start: "0/900028"},
		`end WAL location 0/700028 is not inside file "` + eight + `"`:              {Files: []string{seven, eight}, End: "0/700028"},
		`end WAL location 0/800028 is not inside file "` + seven + `"`:              {Files: []string{seven}, End: "0/800028"},
		`could not find file "00000001000000000000000A": No such file or directory`: {Path: dir, Timeline: "1", Start: "0/A00028"},
		`could not find a valid record after 0/9F0000`:                              {Path: dir, Timeline: "1", Start: "0/9F0000"},
		`directory "` + dir + `" exists but is not empty`:                           {Path: dir, SaveFullPage: dir},
	} {
		if got := dump(t, args); got != "error: "+want+"\n" {
			t.Errorf("%+v\ngave %swant error: %s", args, got, want)
		}
	}
}

func TestFullPagesAreSaved(t *testing.T) {
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "pages")
	l := golden.Load(t, 15)
	l.Unpack(t, dir)
	if got := dump(t, waldump.Arguments{Path: dir, SaveFullPage: out, Quiet: true}); got != "" {
		t.Fatal(got)
	}
	files, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	images := 0
	r := l.Reader(t)
	page := make([]byte, wal.PageSize)
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		for i := range rec.Blocks {
			if b := &rec.Blocks[i]; b.HasImage() && wal.RestoreImage(b, page) == nil {
				images++
			}
		}
	}
	if len(files) != images || images < 50 {
		t.Errorf("%d files for %d images", len(files), images)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Size() != wal.PageSize {
			t.Errorf("%s has %d bytes, %v", f.Name(), info.Size(), err)
		}
		if !regexp.MustCompile(`^0000000[12]-00000000-[0-9A-F]{8}\.[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+_(main|fsm|vm|init)$`).MatchString(f.Name()) {
			t.Errorf("unexpected name %s", f.Name())
		}
	}
}

// --follow shows what is appended, and ends without an error when it is told to.
func TestFollow(t *testing.T) {
	l := golden.Load(t, 15)
	dir, full := t.TempDir(), t.TempDir()
	l.Unpack(t, full)
	name := "000000010000000000000007"
	contents, err := os.ReadFile(filepath.Join(full, name))
	if err != nil {
		t.Fatal(err)
	}
	half := append(append([]byte{}, contents[:64<<10]...), make([]byte, len(contents)-64<<10)...)
	if err := os.WriteFile(filepath.Join(dir, name), half, 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := waldump.Arguments{Path: dir, Start: "0/700028", Follow: true}.Options(rmgr.NewTable())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &watched{seen: make(chan int, 100)}
	done := make(chan error)
	go func() { done <- waldump.Run(ctx, w, rmgr.NewTable(), time.UTC, o) }()
	before := <-w.seen
	if err := os.WriteFile(filepath.Join(dir, name), contents, 0o600); err != nil {
		t.Fatal(err)
	}
	for after := range w.seen {
		if after > 2*before {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// watched says how much was written so far.
type watched struct {
	n    int
	seen chan int
}

func (w *watched) Write(b []byte) (int, error) {
	w.n += len(b)
	w.seen <- w.n
	return len(b), nil
}

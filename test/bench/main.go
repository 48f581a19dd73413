// Command bench measures the log, the engine and the node beside their peers on this machine:
//
//	bench [flags] [append|edge|scan|redo|sql|alloc]...
//	bench -markdown FILE.json...
//
// It prints a table for each suite and writes all runs to a JSON file. See README.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/redoubt-wal/redoubt/test/bench/measure"
	"github.com/redoubt-wal/redoubt/test/bench/server"
)

// childArgument makes the program one measured run.
const childArgument = "run-one-job"

// floorArgument makes it the floor's server, in the directory behind it.
const floorArgument = "serve-floor"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 2 && os.Args[1] == childArgument {
		exit(runJob(ctx, os.Stdin, os.Stdout))
	}
	if len(os.Args) == 3 && os.Args[1] == floorArgument {
		exit(server.ServeFloor(ctx, os.Args[2]))
	}
	o, err := parse(os.Args[1:])
	switch {
	case err != nil:
	case o.markdown:
		err = markdown(os.Stdout, o.suites)
	default:
		err = bench(ctx, o, os.Stdout)
	}
	exit(err)
}

// exit runs after everything deferred.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// options are the command line's.
type options struct {
	quick   bool
	alone   bool
	runs    int
	retries int
	seconds float64
	dir     string
	json    string
	pgbin   string
	only    string
	profile string
	suites  []string // files, with markdown

	markdown bool

	node string // our binary, built by bench
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bench", flag.ExitOnError)
	f.BoolVar(&o.quick, "quick", false, "one short run of each: does it work?")
	f.BoolVar(&o.alone, "alone", false, "also measure peers without group commit when the driver does not yield for them")
	f.IntVar(&o.runs, "runs", 5, "rounds")
	f.IntVar(&o.retries, "retries", 2, "repeat a run during which others used 10 % of the processors this often")
	f.Float64Var(&o.seconds, "seconds", 1, "measured time of an append run; five times that for SQL")
	f.StringVar(&o.dir, "dir", "", "directory on the disk to measure (default: a temporary one)")
	f.StringVar(&o.json, "json", "bench.json", "file for all runs")
	f.StringVar(&o.pgbin, "pgbin", "/usr/lib/postgresql/15/bin", "PostgreSQL 15's programs")
	f.StringVar(&o.only, "case", "", "only cases whose name contains this")
	f.StringVar(&o.profile, "profile", "", "directory for a processor profile of every kind of run, of this process's part in it")
	f.BoolVar(&o.markdown, "markdown", false, "measure nothing: print the runs in these JSON files as Markdown")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.quick {
		o.runs, o.retries, o.seconds = 1, 0, 0.1
	}
	o.suites = f.Args()
	if o.markdown {
		return o, nil
	}
	if len(o.suites) == 0 {
		o.suites = suiteNames
	}
	for _, s := range o.suites {
		if !slices.Contains(suiteNames, s) {
			return nil, fmt.Errorf("no suite %q: want some of %v", s, suiteNames)
		}
	}
	return o, nil
}

// A report is the JSON file.
type report struct {
	Time        time.Time           `json:"time"`
	Environment measure.Environment `json:"environment"`
	Suites      []*suite            `json:"suites"`
}

func bench(ctx context.Context, o *options, w io.Writer) (err error) {
	for _, d := range []string{o.dir, o.profile} {
		if d == "" {
			continue
		}
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(o.dir, "redoubt-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL runs as another user
		return err
	}
	r := report{Time: time.Now().UTC(), Environment: measure.Here(dir)}
	fmt.Fprintln(w, r.Environment)
	for _, name := range o.suites {
		s, err := prepare(ctx, name, o)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := s.run(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.print(w)
		r.Suites = append(r.Suites, s)
		if err := writeJSON(o.json, r); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(name string, r report) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(b, '\n'), 0o644)
}

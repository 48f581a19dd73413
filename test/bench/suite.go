package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/test/bench/measure"
)

var suiteNames = []string{"append", "edge", "scan", "redo", "sql", "alloc"}

// A suite is a list of cases; preparing one may write files that its runs share.
type suite struct {
	Name  string  `json:"name"`
	About string  `json:"about"`
	Cases []*kase `json:"cases"`
}

// A kase is one row of the goals: backends that take turns on the same work.
type kase struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	Goal goal   `json:"goal"`

	Jobs  []job                     `json:"-"`
	Runs  map[string]measure.Series `json:"runs"`
	Order []string                  `json:"order"`
}

// A goal is what ours has to reach: a share of the best peer's and of the floor's figure at least, or
// an own figure at most. 0: none.
type goal struct {
	Peer  float64 `json:"peer,omitempty"`
	Floor float64 `json:"floor,omitempty"`
	Most  float64 `json:"most,omitempty"`
}

// A job is what one process measures. Fields that a suite has no use for are zero.
type job struct {
	Suite   string
	Backend string
	Dir     string // of its own, empty
	Data    string // prepared by the suite, not to be changed

	Committers int
	Size       int
	Durable    bool
	Alone      bool
	Fresh      bool // new segments instead of recycled ones
	Warmup     time.Duration
	Measured   time.Duration

	Records int
	Start   string // LSN
	End     string
	Script  string
	Node    string
	PGBin   string
	Profile string // file
}

func prepare(ctx context.Context, name string, o *options) (*suite, error) {
	makers := map[string]func(context.Context, *options, string) (*suite, error){
		"append": appendSuite, "edge": edgeSuite, "scan": scanSuite, "redo": redoSuite, "sql": sqlSuite, "alloc": allocSuite,
	}
	dir := filepath.Join(o.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%s: preparing\n", name)
	s, err := makers[name](ctx, o, dir)
	if err != nil {
		return nil, err
	}
	s.Name = name
	for _, k := range s.Cases {
		k.Runs = map[string]measure.Series{}
		for i := range k.Jobs {
			k.Jobs[i].Suite = name
			k.Order = append(k.Order, k.Jobs[i].Backend)
		}
	}
	return s, nil
}

// run measures case by case; in each round every backend has its turn, another one first every time.
func (s *suite) run(ctx context.Context, o *options) error {
	var kept []*kase
	for _, k := range s.Cases {
		if !strings.Contains(k.Name, o.only) {
			continue
		}
		kept = append(kept, k)
		fmt.Fprintf(os.Stderr, "%s: %s\n", s.Name, k.Name)
		for round := range o.runs {
			for i := range k.Jobs {
				j := k.Jobs[(i+round)%len(k.Jobs)]
				if o.profile != "" {
					j.Profile = filepath.Join(o.profile, strings.ReplaceAll(s.Name+" "+k.Name+" "+j.Backend+".prof", " ", "_"))
				}
				r, err := runChild(ctx, o, s.Name, j)
				if err != nil {
					return err
				}
				k.Runs[j.Backend] = append(k.Runs[j.Backend], r)
			}
		}
	}
	s.Cases = kept
	return nil
}

// runChild makes one run, and makes it again, in another directory, if others have spoiled it.
func runChild(ctx context.Context, o *options, suite string, j job) (r measure.Run, err error) {
	for try := 0; ; try++ {
		if r, err = runIn(ctx, filepath.Join(o.dir, suite), j); err != nil {
			return r, err
		}
		if r.Tries = try; r.Others < measure.Noisy || try >= o.retries {
			return r, nil
		}
	}
}

func runIn(ctx context.Context, parent string, j job) (measure.Run, error) {
	var err error
	if j.Dir, err = os.MkdirTemp(parent, "run-"); err != nil {
		return measure.Run{}, err
	}
	defer os.RemoveAll(j.Dir)
	if err := os.Chmod(j.Dir, 0o755); err != nil {
		return measure.Run{}, err
	}
	return measure.Child(ctx, childArgument, j)
}

// runJob is the child: a job on in, a measure.Run on out.
func runJob(ctx context.Context, in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	runners := map[string]func(context.Context, job) (measure.Run, error){
		"append": runAppend, "edge": runEdge, "scan": runScan, "redo": runRedo, "sql": runSQL, "alloc": runAlloc,
	}
	if j.Profile != "" {
		f, err := os.Create(j.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	r, err := runners[j.Suite](ctx, j)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

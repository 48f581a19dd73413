package rmgrtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Arbitrary calls the module's writing functions n times with arguments drawn by their types from
// small sets, so that calls meet each other's keys. A refusal with an SQLSTATE is fine.
func Arbitrary(m rmgr.Module, n int) Workload {
	return func(t testing.TB, e *Engine, rng *rand.Rand) {
		var writers []rmgr.Function
		for _, f := range m.Functions {
			if f.Write != nil {
				writers = append(writers, f)
			}
		}
		if len(writers) == 0 {
			t.Fatal("the module has no function that writes; give rmgrtest.Run a workload")
		}
		for range n {
			f := writers[rng.IntN(len(writers))]
			logged := len(e.Log)
			args := try(t, e, &f, rng)
			if len(e.Log) > logged+16 {
				t.Fatalf("%s(%v) wrote %d records", f.Name, args, len(e.Log)-logged)
			}
		}
	}
}

// readers calls the functions that only read.
func readers(t testing.TB, e *Engine, m rmgr.Module, rng *rand.Rand) {
	for i := range m.Functions {
		if f := &m.Functions[i]; f.Write == nil && f.ReadsOf != nil {
			for range 30 {
				try(t, e, f, rng)
			}
		}
	}
}

// try calls a function. A refusal has to be one that a client understands.
func try(t testing.TB, e *Engine, f *rmgr.Function, rng *rand.Rand) (args []any) {
	args = arguments(f, rng)
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("%s(%v) panicked: %v\n%s", f.Name, args, p, debug.Stack())
		}
	}()
	_, err := e.Call(f.Name, args...)
	var refused *rmgr.Error
	switch {
	case err != nil && !errors.As(err, &refused):
		t.Fatalf("%s(%v): %v is not an *rmgr.Error", f.Name, args, err)
	case err != nil && (len(refused.Code) != 5 || refused.Code == "XX001"):
		t.Fatalf("%s(%v): SQLSTATE %q: %v: %s", f.Name, args, refused.Code, err, refused.Detail)
	}
	return args
}

// arguments are drawn by type; one that is not strict gets a NULL at times.
func arguments(f *rmgr.Function, rng *rand.Rand) []any {
	args := make([]any, len(f.Args))
	if f.Variadic {
		args = make([]any, len(f.Args)-1+rng.IntN(4))
	}
	for i := range args {
		if f.Strict || rng.IntN(8) > 0 {
			args[i] = arbitrary(f.Args[min(i, len(f.Args)-1)].Type, rng)
		}
	}
	return args
}

func arbitrary(t rmgr.Type, rng *rand.Rand) any {
	switch t {
	case rmgr.Int8, rmgr.Int4:
		return int64(rng.IntN(20)) - 1
	case rmgr.Bool:
		return rng.IntN(2) == 0
	case rmgr.Bytea:
		return noise(rng, rng.IntN(40))
	case rmgr.PgLSN:
		return wal.LSN(rng.Uint32())
	case rmgr.Float8:
		return float64(rng.IntN(200)-20) / 8
	case rmgr.Timestamptz:
		return time.Unix(rng.Int64N(1<<32), 0).UTC()
	}
	switch rng.IntN(12) {
	case 0:
		return ""
	case 1:
		return strings.Repeat("v", rng.IntN(1500))
	case 2:
		return string(rune('à'+rng.IntN(200))) + "\n\"'"
	}
	return fmt.Sprintf("%c%d", 'a'+rng.IntN(3), rng.IntN(40))
}

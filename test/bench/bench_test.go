package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/redoubt-wal/redoubt/test/bench/server"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == childArgument {
		exit(runJob(context.Background(), os.Stdin, os.Stdout))
	}
	if len(os.Args) == 3 && os.Args[1] == floorArgument {
		exit(server.ServeFloor(context.Background(), os.Args[2]))
	}
	os.Exit(m.Run())
}

// TestEverySuiteRuns asks whether the harness works; it looks at no figure.
func TestEverySuiteRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every backend once")
	}
	const pgbin = "/usr/lib/postgresql/15/bin"
	for _, suite := range suiteNames {
		t.Run(suite, func(t *testing.T) {
			if _, err := os.Stat(pgbin); err != nil && (suite == "scan" || suite == "redo" || suite == "sql") {
				t.Skip("PostgreSQL 15 is not installed")
			}
			out := filepath.Join(t.TempDir(), "bench.json")
			o, err := parse([]string{"--quick", "--json", out, suite})
			if err != nil {
				t.Fatal(err)
			}
			var table bytes.Buffer
			if err := bench(t.Context(), o, &table); err != nil {
				t.Fatal(err)
			}
			t.Log(table.String())
			raw, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			var r report
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatal(err)
			}
			for _, k := range r.Suites[0].Cases {
				for _, b := range k.Order {
					if s := k.Runs[b]; len(s) != 1 || s.Failure() != "" || s.Median() == 0 && suite != "alloc" {
						t.Errorf("%s, %s: %d runs, %s", k.Name, b, len(s), s.Failure())
					}
				}
			}
		})
	}
}

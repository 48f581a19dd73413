package story

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

const benchScript = `\set n random(1, 100000)
SELECT kv_put('bench' || :n::text, 'a value of some length that a client wrote');
`

func serveClients(ctx context.Context, e *Env, t *Teller) (string, error) {
	rw, err := e.Service(ctx, "rw")
	if err != nil {
		return "", err
	}
	for _, statement := range []string{
		"SELECT kv_put('hello', 'world')",
		"SELECT ledger_open('alice', 1000)",
		"SELECT ledger_open('bob', 0)",
		"SELECT ledger_transfer('alice', 'bob', 250)",
		"SELECT ledger_balance('alice'), ledger_balance('bob'), ledger_total()",
	} {
		answer, err := rw.PSQL(ctx, statement)
		if err != nil {
			return "", err
		}
		t.Fact("psql -h %s-rw  %s;  →  %s", clusterName, statement, answer)
	}
	if err := bench(ctx, e, t, rw); err != nil {
		return "", err
	}
	ro, err := e.Service(ctx, "ro")
	if err != nil {
		return "", err
	}
	const read = "SELECT pg_is_in_recovery(), kv_get('hello'), ledger_total()"
	err = until(ctx, 10*time.Second, "a standby to answer with what was written", func(ctx context.Context) (bool, string, error) {
		answer, err := ro.PSQL(ctx, read)
		return answer == "t|world|1000", answer, err
	})
	if err != nil {
		return "", err
	}
	t.Fact("psql -h %s-ro  %s;  →  t|world|1000", clusterName, read)
	return "both services answer", nil
}

func bench(ctx context.Context, e *Env, t *Teller, rw *Service) error {
	dir, err := os.MkdirTemp("", "story")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "put.sql")
	if err := os.WriteFile(script, []byte(benchScript), 0o644); err != nil {
		return err
	}
	seconds := 5
	if e.Short {
		seconds = 2
	}
	report, err := rw.PGBench(ctx, script, 8, seconds)
	if err != nil {
		return err
	}
	tps := regexp.MustCompile(`(?m)^tps = [0-9.]+`).FindString(report)
	failed := regexp.MustCompile(`(?m)^number of failed transactions: .*`).FindString(report)
	if tps == "" {
		return fmt.Errorf("pgbench printed no tps: %s", report)
	}
	t.Fact("pgbench -M prepared -c 8 -T %d  (kv_put, synchronous on one standby)  →  %s; %s", seconds, tps, failed)
	return nil
}

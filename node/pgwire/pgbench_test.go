package pgwire_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestPgbenchInAllItsModes(t *testing.T) {
	s := serve(t, nil)
	script := filepath.Join(t.TempDir(), "script.sql")
	text := "\\set k random(1, 1000)\nSELECT kv_put('key' || :k, 'value');\nSELECT kv_get('key' || :k);\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"simple", "extended", "prepared"} {
		t.Run(mode, func(t *testing.T) {
			got := run(t, "", nil, "pgbench", "-n", "-M", mode, "-c", "4", "-j", "2", "-t", "200", "-f", script, s.conninfo("sslmode=disable"))
			if !strings.Contains(got, "number of transactions actually processed: 800/800") || !regexp.MustCompile(`number of failed transactions: 0 `).MatchString(got) {
				t.Errorf("pgbench printed %s", got)
			}
		})
	}
	t.Run("pipelines", func(t *testing.T) {
		pipeline := filepath.Join(t.TempDir(), "pipeline.sql")
		if err := os.WriteFile(pipeline, []byte("\\startpipeline\nSELECT kv_put('a','b');\nSELECT kv_put('a','c');\n\\endpipeline\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		got := run(t, "", nil, "pgbench", "-n", "-M", "prepared", "-t", "100", "-f", pipeline, s.conninfo("sslmode=disable"))
		if !strings.Contains(got, "number of transactions actually processed: 100/100") {
			t.Errorf("pgbench printed %s", got)
		}
	})
}

package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2027, 1, 2, 15, 4, 5, 0, time.UTC)

// Each testdata/NAME.yaml is a WALCluster as the operator reports it; beside it stands what a person sees.
func TestRendering(t *testing.T) {
	positions := map[string]position{
		"orders-1": {Flush: 0x3000148, Replay: 0x3000148, WALSize: 48 << 20, Waiters: 2},
		"orders-2": {Flush: 0x3000148, Replay: 0x3000000, WALSize: 32 << 20},
		"orders-3": {Err: errors.New("no route to pod")},
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no clusters in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c := readCluster(t, file)
			var got bytes.Buffer
			got.WriteString("$ kubectl redoubt status\n")
			status(&got, c, positions, now)
			got.WriteString("\n$ kubectl redoubt explain\n")
			explain(&got, c)
			golden(t, file[:len(file)-len(".yaml")]+".golden", got.Bytes())
		})
	}
}

func TestPositionIsReadFromMetrics(t *testing.T) {
	got := parsePosition([]byte(`# HELP redoubt_wal_lsn_bytes Positions in the log.
# TYPE redoubt_wal_lsn_bytes gauge
redoubt_wal_lsn_bytes{position="flush"} 5.0331976e+07
redoubt_wal_lsn_bytes{position="replay"} 5.0331648e+07
# TYPE redoubt_wal_size_bytes gauge
redoubt_wal_size_bytes 3.3554432e+07
# TYPE redoubt_commit_waiters gauge
redoubt_commit_waiters 3
`))
	want := position{Flush: 0x3000148, Replay: 0x3000000, WALSize: 32 << 20, Waiters: 3}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if p := parsePosition([]byte("<html>not metrics")); p.Err == nil {
		t.Errorf("garbage was read as %+v", p)
	}
}

func TestAgesAndSizes(t *testing.T) {
	if got := age(metav1.Time{}.Time, now); got != "-" {
		t.Errorf("the age of nothing is %q", got)
	}
	for bytes, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 48 << 20: "48.0 MiB"} {
		if got := size(bytes); got != want {
			t.Errorf("size(%d) = %q, want %q", bytes, got, want)
		}
	}
}

func readCluster(t *testing.T, file string) *redoubtv1.WALCluster {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c redoubtv1.WALCluster
	if err := yaml.UnmarshalStrict(raw, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it):\n%s", file, diff)
	}
}

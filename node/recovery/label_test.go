package recovery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/recovery"
)

const label = `START WAL LOCATION: 0/2000028 (file 000000010000000000000002)
CHECKPOINT LOCATION: 0/2000060
BACKUP METHOD: streamed
BACKUP FROM: primary
START TIME: 2026-11-21 09:11:41 UTC
LABEL: pg_basebackup base backup
START TIMELINE: 1
`

func TestLabelIsPostgreSQLs(t *testing.T) {
	l := recovery.Label{
		Start: 0x2000028, Checkpoint: 0x2000060, Timeline: 1, Label: "pg_basebackup base backup",
		StartTime: time.Date(2026, 11, 21, 9, 11, 41, 0, time.UTC),
	}
	if diff := cmp.Diff(label, string(l.Encode(16<<20))); diff != "" {
		t.Error(diff)
	}
	got, err := recovery.ParseLabel([]byte(label))
	if err != nil {
		t.Fatal(err)
	}
	l.StartTime = time.Time{} // not read
	if diff := cmp.Diff(l, got); diff != "" {
		t.Error(diff)
	}
}

func TestALabelThatLacksSomethingIsRefused(t *testing.T) {
	for _, line := range []string{"START WAL LOCATION", "CHECKPOINT LOCATION", "START TIMELINE"} {
		if _, err := recovery.ParseLabel([]byte(strings.Replace(label, line, "X", 1))); err == nil {
			t.Errorf("without %s it was accepted", line)
		}
	}
}

func FuzzParseLabel(f *testing.F) {
	f.Add([]byte(label))
	f.Fuzz(func(t *testing.T, b []byte) { recovery.ParseLabel(b) })
}

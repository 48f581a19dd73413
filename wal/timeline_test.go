package wal_test

import (
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
)

const history = "1\t0/3000000\tno recovery target specified\n\n3\t0/5000000\tat restore point \"x\"\n"

func parse(t *testing.T, tli wal.TimelineID, contents string) wal.History {
	t.Helper()
	h, err := wal.ParseHistory(tli, []byte(contents))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHistoryTellsWhoseLogAPositionIs(t *testing.T) {
	h := parse(t, 4, history)
	for lsn, want := range map[wal.LSN]wal.TimelineID{1: 1, 0x2FFFFFF: 1, 0x3000000: 3, 0x4FFFFFF: 3, 0x5000000: 4, 1 << 40: 4} {
		if got := h.TLIAt(lsn); got != want {
			t.Errorf("%s is on timeline %d, want %d", lsn, got, want)
		}
	}
	for name, tt := range map[string]struct {
		tli  wal.TimelineID
		end  wal.LSN
		want bool
	}{
		"an ancestor's log up to the fork":      {1, 0x3000000, true},
		"an ancestor's log behind the fork":     {1, 0x3000001, false},
		"a timeline that is no ancestor":        {2, 0x3000000, false},
		"the own timeline":                      {4, 1 << 40, true},
		"the own timeline before it began":      {4, 0x4000000, false},
		"an ancestor between its two ends":      {3, 0x4000000, true},
		"an ancestor before it began is not it": {3, 0x2000000, false},
	} {
		if got := h.Covers(tt.tli, tt.end); got != tt.want {
			t.Errorf("%s: covers %t", name, got)
		}
	}
}

func TestForkPoint(t *testing.T) {
	h := parse(t, 4, history)
	tests := map[string]struct {
		other    wal.History
		wantTLI  wal.TimelineID
		wantFork wal.LSN
	}{
		"itself":     {h, 4, 0},
		"its parent": {wal.NewHistory(1), 1, 0x3000000},
		"a child of timeline 3 that left it earlier": {parse(t, 5, "1\t0/3000000\t\n3\t0/4000000\t\n"), 3, 0x4000000},
		"a child of timeline 1 that left it later":   {parse(t, 2, "1\t0/3500000\t\n"), 1, 0x3000000},
		"a stranger": {wal.NewHistory(7), 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, pair := range [][2]wal.History{{h, tt.other}, {tt.other, h}} {
				if tli, lsn := pair[0].ForkPoint(pair[1]); tli != tt.wantTLI || lsn != tt.wantFork {
					t.Errorf("part on %d at %s, want %d at %s", tli, lsn, tt.wantTLI, tt.wantFork)
				}
			}
		})
	}
}

func TestHistoryFilesAreWrittenAsPostgreSQLDoes(t *testing.T) {
	first := wal.AppendHistory(nil, 1, 0x3000000, "no recovery target specified")
	second := wal.AppendHistory(first, 3, 0x5000000, `at restore point "x"`)
	if string(second) != history {
		t.Errorf("got %q, want %q", second, history)
	}
}

func TestBadHistoriesAreRefused(t *testing.T) {
	for name, tt := range map[string]struct{ contents, want string }{
		"timelines that do not ascend":         {"3\t0/1\tx\n2\t0/2\tx\n", "line 2"},
		"a timeline that is not below its own": {"9\t0/1\tx\n", "not below"},
		"no switch point":                      {"1\n", "switch point"},
		"a switch point that is none":          {"1\tzero\tx\n", "invalid LSN"},
		"switch points that go back":           {"1\t0/9\tx\n2\t0/8\tx\n", "before"},
	} {
		if _, err := wal.ParseHistory(9, []byte(tt.contents)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if h := parse(t, 2, "# a comment\n\n  1 0/3000000 spaces are fine\n"); len(h) != 2 || h[1].Begin != 0x3000000 {
		t.Errorf("comments and spaces: %+v", h)
	}
}

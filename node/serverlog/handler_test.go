package serverlog_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/serverlog"
)

func TestLinesLookLikePostgreSQLs(t *testing.T) {
	for name, tc := range map[string]struct {
		level slog.Level
		say   func(*slog.Logger)
		want  string
	}{
		"a message alone":  {slog.LevelInfo, func(l *slog.Logger) { l.Info("received SIGHUP, reloading configuration files") }, "LOG:  received SIGHUP, reloading configuration files\n"},
		"the four levels":  {slog.LevelDebug, func(l *slog.Logger) { l.Debug("d"); l.Info("i"); l.Warn("w"); l.Error("e") }, "DEBUG:  d\nLOG:  i\nWARNING:  w\nERROR:  e\n"},
		"below the level":  {slog.LevelWarn, func(l *slog.Logger) { l.Info("i") }, ""},
		"facts are detail": {slog.LevelInfo, func(l *slog.Logger) { l.Info("m", "lsn", "0/5", "n", 3) }, "LOG:  m\nDETAIL:  lsn: 0/5, n: 3\n"},
		"lines of their own": {slog.LevelInfo, func(l *slog.Logger) {
			l.With("context", "WAL redo at 0/5").Info("m", "hint", "h", "n", 1, "detail", "d")
		}, "LOG:  m\nDETAIL:  n: 1\n\td\nHINT:  h\nCONTEXT:  WAL redo at 0/5\n"},
		"whose log it is": {slog.LevelInfo, func(l *slog.Logger) { l.With("instance", "a").Info("m") }, "LOG:  m\n"},
		"PostgreSQL's sentences": {slog.LevelInfo, func(l *slog.Logger) {
			l.Info("checkpoint starting", "cause", "immediate force wait")
			l.Info("restartpoint complete", "buffers", 43, "buffersPercent", 0.3, "walAdded", 1, "walRemoved", 2, "walRecycled", 3,
				"write", 4.235, "sync", 0.012, "total", 4.3, "syncFiles", 2, "longest", 0.005, "average", 0.004,
				"distanceKB", int64(16384), "estimateKB", int64(20480), "lsn", "0/5", "redo", "0/4")
			l.Info("redo done", "lsn", "0/5", "user", 1234*time.Millisecond, "system", 10*time.Millisecond, "duration", time.Second)
			l.Info("successfully skipped missing contrecord", "lsn", "0/5", "time", time.Date(2026, 11, 22, 9, 2, 24, 1000, time.UTC))
		}, "LOG:  checkpoint starting: immediate force wait\n" +
			"LOG:  restartpoint complete: wrote 43 buffers (0.3%); 1 WAL file(s) added, 2 removed, 3 recycled; " +
			"write=4.235 s, sync=0.012 s, total=4.300 s; sync files=2, longest=0.005 s, average=0.004 s; distance=16384 kB, estimate=20480 kB\n" +
			"DETAIL:  lsn: 0/5, redo: 0/4\n" +
			"LOG:  redo done at 0/5 system usage: CPU: user: 1.23 s, system: 0.01 s, elapsed: 1.00 s\n" +
			"LOG:  successfully skipped missing contrecord at 0/5, overwritten at 2026-11-22 09:02:24.000001+00\n"},
		"a sentence that lacks a fact": {slog.LevelInfo, func(l *slog.Logger) {
			l.Info("checkpoint complete", "buffers", 43)
			l.Info("redo starts")
		}, "LOG:  checkpoint complete\nDETAIL:  buffers: 43\nLOG:  redo starts\n"},
		"a sentence with a fact of another kind": {slog.LevelInfo, func(l *slog.Logger) {
			l.Info("checkpoint complete", "buffers", 43, "buffersPercent", "some", "walAdded", 1, "walRemoved", 2, "walRecycled", 3,
				"write", 1.0, "sync", 1.0, "total", 1.0, "syncFiles", 2, "longest", 1.0, "average", 1.0, "distanceKB", 1, "estimateKB", 2)
		}, "LOG:  checkpoint complete\nDETAIL:  buffers: 43, buffersPercent: some, walAdded: 1, walRemoved: 2, walRecycled: 3, " +
			"write: 1, sync: 1, total: 1, syncFiles: 2, longest: 1, average: 1, distanceKB: 1, estimateKB: 2\n"},
		"groups":                          {slog.LevelInfo, func(l *slog.Logger) { l.WithGroup("g").With("a", 1).Info("m", slog.Group("h", "b", 2)) }, "LOG:  m\nDETAIL:  g.a: 1, g.h.b: 2\n"},
		"nobody can feign a message":      {slog.LevelInfo, func(l *slog.Logger) { l.Info("m\nLOG:  all is well", "x", "y\nERROR:  no") }, "LOG:  m\n\tLOG:  all is well\nDETAIL:  x: y\n\tERROR:  no\n"},
		"siblings do not see one another": {slog.LevelInfo, func(l *slog.Logger) { a := l.With("a", 1); a.With("b", 2); a.With("c", 3).Info("m") }, "LOG:  m\nDETAIL:  a: 1, c: 3\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			tc.say(slog.New(serverlog.New(&out, serverlog.Options{Level: tc.level})))
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPrefix(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 3, 4, 56_000_000, time.UTC)
	for format, want := range map[string]string{
		serverlog.DefaultPrefix: "2026-11-21 12:03:04.056 UTC [7] LOG:  m\n",
		"":                      "LOG:  m\n",
		"%t %n ":                "2026-11-21 12:03:04 UTC 1795262584.056 LOG:  m\n",
		"%l%% %q no session ":   "1% LOG:  m\n",
	} {
		if err := serverlog.CheckPrefix(format); err != nil {
			t.Errorf("%q: %v", format, err)
		}
		var out bytes.Buffer
		h := serverlog.New(&out, serverlog.Options{Prefix: func() string { return format }, PID: 7})
		if err := h.Handle(t.Context(), slog.NewRecord(at, slog.LevelInfo, "m", 0)); err != nil || out.String() != want {
			t.Errorf("%q: got %q, %v, want %q", format, &out, err, want)
		}
	}
	for _, format := range []string{"%u", "%", "ok %m %"} {
		if err := serverlog.CheckPrefix(format); err == nil || !strings.Contains(err.Error(), "%p for the process") {
			t.Errorf("%q: %v", format, err)
		}
	}
}

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
		"whose log it is":                 {slog.LevelInfo, func(l *slog.Logger) { l.With("instance", "a").Info("m") }, "LOG:  m\n"},
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

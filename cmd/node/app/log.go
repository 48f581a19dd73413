package app

import (
	"log/slog"
	"os"
	"strings"

	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/serverlog"
)

// newLog is the server's log on standard error, as log_destination says.
func (a *app) newLog(s *config.Settings, level slog.Leveler) *slog.Logger {
	if s.String("log_destination") == "stderr" {
		return slog.New(serverlog.New(a.stderr, serverlog.Options{
			Level: level, PID: os.Getpid(), Prefix: func() string { return s.String("log_line_prefix") },
		}))
	}
	return slog.New(slog.NewJSONHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}

var logLevels = map[string]slog.Level{
	"info": slog.LevelInfo, "notice": slog.LevelInfo, "log": slog.LevelInfo,
	"warning": slog.LevelWarn, "error": slog.LevelError, "fatal": slog.LevelError, "panic": slog.LevelError,
}

func logLevel(word string) slog.Level {
	if strings.HasPrefix(word, "debug") {
		return slog.LevelDebug
	}
	return logLevels[word]
}

package serverlog

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// A sentence is how PostgreSQL says what is a message and some attributes here. Programs that read its
// log look for these.
type sentence struct {
	format string   // of fmt, for what follows the message
	keys   []string // whose values go into it
}

const completed = ": wrote %v buffers (%.1f%%); %v WAL file(s) added, %v removed, %v recycled; " +
	"write=%.3f s, sync=%.3f s, total=%.3f s; sync files=%v, longest=%.3f s, average=%.3f s; distance=%v kB, estimate=%v kB"

var report = []string{"buffers", "buffersPercent", "walAdded", "walRemoved", "walRecycled",
	"write", "sync", "total", "syncFiles", "longest", "average", "distanceKB", "estimateKB"}

// sentences are those of xlog.c and xlogrecovery.c.
var sentences = map[string]sentence{
	"checkpoint starting":   {": %v", []string{"cause"}},
	"restartpoint starting": {": %v", []string{"cause"}},
	"checkpoint complete":   {completed, report},
	"restartpoint complete": {completed, report},
	"redo starts":           {" at %v", []string{"lsn"}},
	"redo done": {" at %v system usage: CPU: user: %.2f s, system: %.2f s, elapsed: %.2f s",
		[]string{"lsn", "user", "system", "duration"}},
	"successfully skipped missing contrecord": {" at %v, overwritten at %v", []string{"lsn", "time"}},
	"consistent recovery state reached":       {" at %v", []string{"lsn"}},
}

// say makes PostgreSQL's sentence of a message if it has one, and returns what it has not used.
func say(message string, attrs []slog.Attr) (string, []slog.Attr) {
	s, ok := sentences[message]
	if !ok {
		return message, attrs
	}
	values := make([]any, len(s.keys))
	var rest []slog.Attr
	found := 0
	for _, a := range attrs {
		at := slices.Index(s.keys, a.Key)
		if at < 0 {
			rest = append(rest, a)
			continue
		}
		values[at] = a.Value.Any()
		switch a.Value.Kind() {
		case slog.KindDuration:
			values[at] = a.Value.Duration().Seconds()
		case slog.KindTime:
			values[at] = a.Value.Time().Format("2006-01-02 15:04:05.999999-07")
		}
		found++
	}
	text := message + fmt.Sprintf(s.format, values...)
	if found != len(s.keys) || strings.Contains(text, "%!") {
		return message, attrs
	}
	return text, rest
}

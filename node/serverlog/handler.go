package serverlog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are what a log needs beside its messages.
type Options struct {
	Level  slog.Leveler  // nil: Info
	Prefix func() string // log_line_prefix in force; nil: none
	PID    int
}

// A handler is a slog.Handler that any goroutine may use.
type handler struct {
	out   *output
	o     Options
	attrs []slog.Attr // of With, their keys complete
	group string      // of WithGroup, with a dot at its end
}

// output is shared by a handler and those derived from it.
type output struct {
	mu    sync.Mutex
	w     io.Writer
	lines uint64
}

// New makes a handler that writes to w.
func New(w io.Writer, o Options) slog.Handler {
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	if o.Prefix == nil {
		o.Prefix = func() string { return "" }
	}
	return &handler{out: &output{w: w}, o: o}
}

// Enabled is slog.Handler.
func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.o.Level.Level() }

// WithAttrs is slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		next.attrs = appendAttr(next.attrs, h.group, a)
	}
	return &next
}

// WithGroup is slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	next := *h
	if name != "" {
		next.group += name + "."
	}
	return &next
}

// appendAttr adds an attribute, and those of a group under its name.
func appendAttr(to []slog.Attr, group string, a slog.Attr) []slog.Attr {
	a.Value = a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
		return to
	case a.Value.Kind() != slog.KindGroup:
		return append(to, slog.Attr{Key: group + a.Key, Value: a.Value})
	case a.Key != "":
		group += a.Key + "."
	}
	for _, member := range a.Value.Group() {
		to = appendAttr(to, group, member)
	}
	return to
}

// Handle is slog.Handler.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	attrs := slices.Clone(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		attrs = appendAttr(attrs, h.group, a)
		return true
	})
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(h.format(r, attrs))
	return err
}

// instance is left out: PostgreSQL's text is read where it is written, and log_line_prefix has the
// process.
const instance = "instance"

// own are the attributes that PostgreSQL has lines for, in its order.
var own = []struct{ key, word string }{{"detail", "DETAIL"}, {"hint", "HINT"}, {"context", "CONTEXT"}}

func (h *handler) format(r slog.Record, attrs []slog.Attr) []byte {
	var b []byte
	h.out.lines++
	message, attrs := say(r.Message, attrs)
	b = h.line(b, r.Time, severity(r.Level), message)
	texts, rest := map[string]string{}, []string(nil)
	for _, a := range attrs {
		if a.Key == instance {
			continue
		}
		if slices.ContainsFunc(own, func(o struct{ key, word string }) bool { return o.key == a.Key }) {
			texts[a.Key] = a.Value.String()
			continue
		}
		rest = append(rest, fmt.Sprintf("%s: %v", a.Key, a.Value))
	}
	if len(rest) > 0 {
		texts["detail"] = strings.TrimSpace(strings.Join(rest, ", ") + "\n" + texts["detail"])
	}
	for _, o := range own {
		if text, ok := texts[o.key]; ok {
			b = h.line(b, r.Time, o.word, text)
		}
	}
	return b
}

// line writes a line; a text of several is indented, so that no text can look like another message.
func (h *handler) line(b []byte, at time.Time, word, text string) []byte {
	b = appendPrefix(b, h.o.Prefix(), at, h.o.PID, h.out.lines)
	b = append(b, word+":  "...)
	b = append(b, strings.ReplaceAll(text, "\n", "\n\t")...)
	return append(b, '\n')
}

func severity(l slog.Level) string {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG"
	case l < slog.LevelWarn:
		return "LOG"
	case l < slog.LevelError:
		return "WARNING"
	}
	return "ERROR"
}

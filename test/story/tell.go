package story

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// A Teller prints the story: chapters with their time, facts below them.
type Teller struct {
	out   io.Writer
	began time.Time
	step  time.Time
}

// NewTeller starts the clock.
func NewTeller(out io.Writer) *Teller {
	now := time.Now()
	return &Teller{out: out, began: now, step: now}
}

// Chapter begins a new part of the story.
func (t *Teller) Chapter(title string) {
	t.step = time.Now()
	fmt.Fprintf(t.out, "\n[%s] %s\n", clock(t.step.Sub(t.began)), title)
}

// Fact prints something that was just observed.
func (t *Teller) Fact(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		fmt.Fprintf(t.out, "        %s\n", strings.TrimRight(line, "\n"))
	}
}

// Done closes a chapter with the time it took.
func (t *Teller) Done(what string) {
	fmt.Fprintf(t.out, "     ok %s (%.1f s)\n", what, time.Since(t.step).Seconds())
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// until asks again and again, ten times a second, until met says true; on the deadline the last thing
// that was seen is the error.
func until(ctx context.Context, limit time.Duration, what string, met func(context.Context) (bool, string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	seen := "nothing yet"
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, now, err := met(ctx)
		if ok {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			now = err.Error()
		}
		if now != "" && ctx.Err() == nil {
			seen = now
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s; last seen: %s", limit, what, seen)
		case <-tick.C:
		}
	}
}

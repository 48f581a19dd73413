package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// A Writer puts ever new keys at whichever machine it is pointed to, and remembers which were
// acknowledged.
type Writer struct {
	net  *Network
	host string

	mu     sync.Mutex
	target string
	acked  map[string]string // key → value
	last   time.Time         // of the last acknowledgement
	done   chan struct{}
	stop   context.CancelFunc
}

// StartWriter starts a writer on a host of its own.
func StartWriter(n *Network, host, target string) *Writer {
	ctx, stop := context.WithCancel(context.Background())
	w := &Writer{net: n, host: host, target: target, acked: map[string]string{}, done: make(chan struct{}), stop: stop}
	go w.run(ctx)
	return w
}

// Point sends the writer to another machine, from its next connection on.
func (w *Writer) Point(target string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.target = target
}

// Acked are the writes that were acknowledged so far, and when the last one was.
func (w *Writer) Acked() (map[string]string, time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.acked), w.last
}

// Stop ends the writer.
func (w *Writer) Stop() {
	w.stop()
	<-w.done
}

func (w *Writer) run(ctx context.Context) {
	defer close(w.done)
	var c *Client
	var on string
	for i := 0; ctx.Err() == nil; i++ {
		w.mu.Lock()
		target := w.target
		w.mu.Unlock()
		if c != nil && on != target {
			c.Close()
			c = nil
		}
		if c == nil {
			fresh, err := Connect(ctx, w.net, w.host, target)
			if err != nil {
				pause(ctx, 100*time.Millisecond)
				continue
			}
			c, on = fresh, target
		}
		key, value := fmt.Sprintf("%s-%06d", w.host, i), fmt.Sprint(i)
		_, err := c.Query(fmt.Sprintf("SELECT kv_put('%s','%s')", key, value), 2*time.Second)
		switch refusal := (*Refusal)(nil); {
		case err == nil:
			w.mu.Lock()
			w.acked[key], w.last = value, time.Now()
			w.mu.Unlock()
		case errors.As(err, &refusal):
			pause(ctx, 50*time.Millisecond)
		default:
			c.Close()
			c = nil
		}
		pause(ctx, time.Millisecond)
	}
	if c != nil {
		c.Close()
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// Missing lists the acknowledged writes that a machine does not have.
func Missing(n *Network, acked map[string]string, on string) ([]string, error) {
	c, err := Connect(context.Background(), n, "checker", on)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var missing []string
	for key, value := range acked {
		rows, err := c.Query(fmt.Sprintf("SELECT kv_get('%s')", key), 5*time.Second)
		if err != nil {
			return nil, err
		}
		if len(rows) != 1 || rows[0][0] != value {
			missing = append(missing, key)
		}
	}
	return missing, nil
}

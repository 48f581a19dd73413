package story

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// An Ack is one line of a writer's record: a write that the cluster acknowledged, and when.
type Ack struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// Write puts numbered keys one after the other until ctx ends, connecting anew after every error,
// and writes an Ack line for each acknowledged put. A put whose answer never came is not retried
// under its key: nobody promised anything about it.
func Write(ctx context.Context, dsn, prefix string, out io.Writer) error {
	w := bufio.NewWriterSize(out, 512) // small, so that the record is nearly complete at any time
	defer w.Flush()
	enc := json.NewEncoder(w)
	var conn *pgx.Conn
	for n := 0; ctx.Err() == nil; n++ {
		if conn == nil || conn.IsClosed() {
			conn = connect(ctx, dsn)
			if conn == nil {
				continue
			}
		}
		key := fmt.Sprintf("%s%08d", prefix, n)
		once, cancel := context.WithTimeout(ctx, time.Second)
		_, err := conn.Exec(once, "SELECT kv_put($1, $2)", key, key)
		cancel()
		if err != nil {
			conn.Close(ctx)
			conn = nil
			continue
		}
		if err := enc.Encode(Ack{key, time.Now()}); err != nil {
			return err
		}
	}
	if conn != nil {
		conn.Close(context.Background())
	}
	return nil
}

// connect tries once; after a failure it waits for 20 ms.
func connect(ctx context.Context, dsn string) *pgx.Conn {
	once, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := pgx.Connect(once, dsn)
	if err != nil {
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
		return nil
	}
	return conn
}

// A RunningWriter is Write in a process of its own inside the cluster's network.
type RunningWriter struct {
	cmd  *exec.Cmd
	file string
}

// StartWriter begins to write through the -rw service at address.
func (e *Env) StartWriter(dsn, prefix, file string) (*RunningWriter, error) {
	args := e.inCluster(e.Self, "writer", "--prefix", prefix, "--out", file)
	cmd := exec.Command(e.Localkube, args...)
	cmd.Env = append(os.Environ(), "STORY_DSN="+dsn)
	cmd.Stderr = e.Out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the writer: %w", err)
	}
	return &RunningWriter{cmd, file}, nil
}

// Acks reads what has been acknowledged so far.
func (w *RunningWriter) Acks() ([]Ack, error) {
	f, err := os.Open(w.file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var acks []Ack
	for dec := json.NewDecoder(f); ; {
		var a Ack
		if err := dec.Decode(&a); err == io.EOF || err == io.ErrUnexpectedEOF {
			return acks, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", w.file, err)
		}
		acks = append(acks, a)
	}
}

// Stop ends the writer and returns everything that was acknowledged.
func (w *RunningWriter) Stop() ([]Ack, error) {
	if w.cmd.ProcessState == nil {
		if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return nil, err
		}
		if err := w.cmd.Wait(); err != nil {
			return nil, fmt.Errorf("the writer: %w", err)
		}
	}
	return w.Acks()
}

// Gap is the longest time between two acknowledgements around moment.
func Gap(acks []Ack, moment time.Time) (time.Duration, error) {
	var longest time.Duration
	before, after := 0, 0
	for i := range acks {
		if acks[i].At.Before(moment) {
			before++
			continue
		}
		after++
		if i > 0 {
			longest = max(longest, acks[i].At.Sub(acks[i-1].At))
		}
	}
	if before < 20 || after < 20 {
		return 0, fmt.Errorf("the writer had %d acknowledged writes before the kill and %d after: too few to say anything", before, after)
	}
	return longest, nil
}

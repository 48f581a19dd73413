package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Noisy is the share of the processors from which on other processes spoil a run.
const Noisy = 0.10

// Child runs this program again with the argument, gives it the job on standard input, and reads the
// Run from its standard output.
func Child(ctx context.Context, argument string, job any) (Run, error) {
	in, err := json.Marshal(job)
	if err != nil {
		return Run{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return Run{}, err
	}
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, self, argument)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaint
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it stops its servers
	cmd.WaitDelay = 20 * time.Second
	before, start := busy(), time.Now()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return Run{}, ctx.Err()
		}
		return Run{Failed: fmt.Sprintf("%v: %s", err, strings.TrimSpace(complaint.String()))}, nil
	}
	elapsed, used := time.Since(start), busy()-before
	var r Run
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return r, fmt.Errorf("read what the run says: %w", err)
	}
	own := cmd.ProcessState.SystemTime() + cmd.ProcessState.UserTime() // its children included
	r.Others = max(0, (used-own).Seconds()/(elapsed.Seconds()*float64(processors())))
	return r, nil
}

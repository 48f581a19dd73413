package cluster

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// A process is identified by its number and by when it began, because numbers
// are used again: what `down` kills must be what `up` started.
type process struct {
	pid   int
	began string // in the kernel's ticks since it booted
}

func findProcess(pid int) (process, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	// The program's name, in parentheses, may hold anything.
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	if end := bytes.LastIndex(stat, []byte(") ")); end >= 0 {
		rest = stat[end+2:]
	}
	fields := strings.Fields(string(rest))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return process{}, os.ErrProcessDone
	}
	return process{pid, fields[19]}, nil
}

func (p process) alive() bool {
	now, err := findProcess(p.pid)
	return err == nil && now == p
}

// kill ends a process and returns when it is gone, with all of its namespace.
func (p process) kill() error {
	if !p.alive() {
		return nil
	}
	if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("kill process %d: %w", p.pid, err)
	}
	for deadline := time.Now().Add(20 * time.Second); p.alive(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d does not end, although it was killed", p.pid)
		}
	}
	return nil
}

func (p process) save(path string) error {
	return os.WriteFile(path, fmt.Appendf(nil, "%d %s\n", p.pid, p.began), 0o644)
}

func loadProcess(path string) (process, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return process{}, err
	}
	pid, began, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 1 {
		return process{}, fmt.Errorf("%s does not hold a process number: %q", path, text)
	}
	return process{n, began}, nil
}

// running is the process 1 of a machine, as this machine numbers it.
func (c Cluster) running(machine string) (int, error) {
	p, err := loadProcess(c.State.PID(machine))
	if err != nil || !p.alive() {
		return 0, fmt.Errorf("%s is not running: %w", machine, ErrDown)
	}
	return p.pid, nil
}

// alive counts the machines that run.
func (c Cluster) alive() int {
	n := 0
	for _, machine := range layout.Machines() {
		if _, err := c.running(machine); err == nil {
			n++
		}
	}
	return n
}

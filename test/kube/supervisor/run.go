package supervisor

import (
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

// ExitedPrefix begins the line that reports a program's end; its name follows.
const ExitedPrefix = "exited "

// Run is the whole life of process 1. It starts when the launcher sends a byte
// through start, which it does when the network is laid, and returns only if
// it could not begin: a launcher that died leaves nothing behind.
func Run(m Machine, start io.Reader) error {
	if _, err := io.ReadFull(start, make([]byte, 1)); err != nil {
		return fmt.Errorf("the launcher of %s is gone: %w", m.Name, err)
	}
	// The terminal's signals are for the launcher; `localkube down` kills.
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM)
	logs, err := openLogs(m.Programs)
	if err != nil {
		return err
	}
	if err := serveRelays(m.Relays); err != nil {
		return err
	}
	if err := becomeMachine(m); err != nil {
		return err
	}
	started := make(chan child, len(m.Programs))
	for _, program := range m.Programs {
		go func() { started <- launch(program, logs[program.Name]) }()
	}
	reap(started, len(m.Programs))
	return nil
}

// openLogs comes before the mounts, which may hide the logs' directory.
func openLogs(programs []Program) (map[string]*os.File, error) {
	logs := map[string]*os.File{}
	for _, p := range programs {
		f, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, err
		}
		logs[p.Name] = f
	}
	return logs, nil
}

type child struct {
	name string
	pid  int
	err  error
}

func launch(p Program, output *os.File) child {
	waitFor(p.After)
	null, err := os.Open(os.DevNull)
	if err != nil {
		return child{p.Name, 0, err}
	}
	defer null.Close()
	process, err := os.StartProcess(p.Args[0], p.Args, &os.ProcAttr{
		Dir:   "/",
		Env:   environment(),
		Files: []*os.File{null, output, output},
	})
	if err != nil {
		return child{p.Name, 0, err}
	}
	pid := process.Pid
	_ = process.Release() // reap waits for it, like for any other process here
	return child{p.Name, pid, nil}
}

// environment keeps the launcher's settings (proxies, Go's own variables) away
// from the cluster.
func environment() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
}

func report(name string, how any) { log.Printf("%s%s: %v", ExitedPrefix, name, how) }

package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/supervisor"
)

// SupervisorLog is the supervisor's own among the logs of a machine.
const SupervisorLog = "supervisor"

// A spawned machine has its namespaces and waits for a byte to start with. If
// we end before we send it, it ends too.
type spawned struct {
	pid   int
	start *os.File
}

func (c Cluster) spawn(machine string, listeners ...*os.File) (spawned, error) {
	waiting, start, err := os.Pipe()
	if err != nil {
		return spawned{}, err
	}
	defer waiting.Close()
	log, err := os.Create(c.State.Log(machine, SupervisorLog))
	if err != nil {
		return spawned{}, err
	}
	defer log.Close()
	cmd := exec.Command("/proc/self/exe", SuperviseCommand, c.State.Spec(machine))
	cmd.Dir = "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = waiting, log, log
	cmd.ExtraFiles = listeners
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: supervisor.Namespaces, Setsid: true}
	if err := cmd.Start(); err != nil {
		return spawned{}, fmt.Errorf("start %s: %w", machine, err)
	}
	p, err := findProcess(cmd.Process.Pid)
	if err != nil {
		return spawned{}, fmt.Errorf("start %s: %w", machine, err)
	}
	_ = cmd.Process.Release() // it outlives us
	return spawned{p.pid, start}, p.save(c.State.PID(machine))
}

func (s spawned) letGo() error {
	_, err := s.start.Write([]byte{1})
	return errors.Join(err, s.start.Close())
}

// SuperviseCommand is the subcommand of localkube that is process 1 of a
// machine.
const SuperviseCommand = "supervise"

// spawnAll clones the supervisors of all machines.
func (c Cluster) spawnAll() (map[string]spawned, error) {
	listeners, err := c.listen()
	defer func() {
		for _, l := range listeners {
			l.Close() // the control plane has its own copy
		}
	}()
	if err != nil {
		return nil, err
	}
	machines := map[string]spawned{}
	for _, name := range layout.Machines() {
		var relayed []*os.File
		if name == layout.Control {
			relayed = listeners
		}
		machines[name], err = c.spawn(name, relayed...)
		if err != nil {
			return nil, err
		}
	}
	return machines, nil
}

// listen opens the ports of the relays, in their order.
func (c Cluster) listen() ([]*os.File, error) {
	var files []*os.File
	addresses := c.Ports.addresses()
	for _, port := range []struct{ flag, address string }{
		{"--api-port", addresses.API},
		{"--registry-port", addresses.Registry},
	} {
		listener, err := net.Listen("tcp", port.address)
		if err != nil {
			return files, fmt.Errorf("%w; choose another port with %s", err, port.flag)
		}
		file, err := listener.(*net.TCPListener).File()
		listener.Close()
		if err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}

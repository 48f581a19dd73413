package network

import (
	"fmt"
	"os/exec"
	"strings"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// Lay connects the machines, which are given by their process 1.
func Lay(processes map[string]int) error {
	if err := ip(processes[layout.Control], planControl(processes)); err != nil {
		return err
	}
	for _, node := range layout.Nodes() {
		if err := ip(processes[node.Name()], planNode(node)); err != nil {
			return err
		}
	}
	return nil
}

// Cut takes the node's link down: nobody reaches it and it reaches nobody,
// while everything on it goes on running.
func Cut(control int, node layout.Node) error {
	return ip(control, "link set "+node.Name()+" down\n")
}

// Heal takes the link up again.
func Heal(control int, node layout.Node) error {
	return ip(control, "link set "+node.Name()+" up\n")
}

// Enter is the beginning of a command line that runs the rest of it in the
// network of a process.
func Enter(process int) []string {
	return []string{"nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", process), "--"}
}

func ip(process int, batch string) error {
	line := append(Enter(process), "ip", "-batch", "-")
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdin = strings.NewReader(batch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s; the commands were:\n%s", strings.Join(line, " "), err, out, batch)
	}
	return nil
}

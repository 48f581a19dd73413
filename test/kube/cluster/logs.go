package cluster

import (
	"os"
	"strings"

	"github.com/redoubt-wal/redoubt/test/kube/supervisor"
)

// exited are the programs of a machine that have ended and how, as its
// supervisor reported them: "kubelet: exit status 1".
func (c Cluster) exited(machine string) []string {
	text, _ := os.ReadFile(c.State.Log(machine, SupervisorLog))
	var ended []string
	for line := range strings.Lines(string(text)) {
		if _, what, found := strings.Cut(line, supervisor.ExitedPrefix); found {
			ended = append(ended, strings.TrimSpace(what))
		}
	}
	return ended
}

func firstName(ended []string) string {
	name, _, _ := strings.Cut(ended[0], ":")
	return name
}

// tail is the end of a log.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-15):], "\n  ")
}

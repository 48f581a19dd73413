package kind

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

const (
	clusterName = "localkube"
	network     = "kind" // Docker's network of all kind clusters
	registry    = "localkube-registry"
	image       = "registry:2"
)

// run returns what a command printed.
func run(ctx context.Context, stdin string, command ...string) (string, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(failure.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// containerOf is the container of a node, by our name or by Kubernetes'.
func containerOf(node string) (string, error) {
	switch node {
	case "control":
		return clusterName + "-control-plane", nil
	case "node-1":
		return clusterName + "-worker", nil
	case "node-2", "node-3":
		return clusterName + "-worker" + strings.TrimPrefix(node, "node-"), nil
	}
	if strings.HasPrefix(node, clusterName+"-") {
		return node, nil
	}
	return "", fmt.Errorf("no node %q: there are node-1, node-2 and node-3", node)
}

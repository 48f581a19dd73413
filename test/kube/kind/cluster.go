package kind

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// A Cluster is the one that kind runs.
type Cluster struct {
	KubeconfigPath string
	Out            io.Writer
	RegistryPort   int // on 127.0.0.1
}

// Up creates the cluster and its registry, or leaves them as they are.
func (c Cluster) Up(ctx context.Context) error {
	started := time.Now()
	if err := os.MkdirAll(filepath.Dir(c.KubeconfigPath), 0o755); err != nil {
		return err
	}
	there, err := c.exists(ctx)
	if err != nil {
		return err
	}
	if there {
		_, err = run(ctx, "", "kind", "export", "kubeconfig", "--name", clusterName, "--kubeconfig", c.KubeconfigPath)
	} else {
		fmt.Fprintln(c.Out, "localkube  kind creates the cluster, which takes a minute or two")
		_, err = run(ctx, config(), "kind", "create", "cluster", "--config", "-", "--kubeconfig", c.KubeconfigPath, "--wait", "5m")
	}
	if err != nil {
		return err
	}
	if err := c.startRegistry(ctx); err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "localkube %5.1fs  the cluster is up: export KUBECONFIG=%s\n", time.Since(started).Seconds(), c.KubeconfigPath)
	return nil
}

func (c Cluster) exists(ctx context.Context) (bool, error) {
	names, err := run(ctx, "", "kind", "get", "clusters")
	return slices.Contains(strings.Fields(names), clusterName), err
}

// startRegistry comes after the cluster, which makes the network.
func (c Cluster) startRegistry(ctx context.Context) error {
	if state, _ := run(ctx, "", "docker", "inspect", "-f", "{{.State.Running}}", registry); state != "true" {
		_, _ = run(ctx, "", "docker", "rm", "--force", registry)
		publish := fmt.Sprintf("127.0.0.1:%d:5000", c.RegistryPort)
		if _, err := run(ctx, "", "docker", "run", "--detach", "--name", registry, "--network", network, "--publish", publish, image); err != nil {
			return err
		}
	}
	nodes, err := run(ctx, "", "kind", "get", "nodes", "--name", clusterName)
	if err != nil {
		return err
	}
	dir := "/etc/containerd/certs.d/" + layout.RegistryName
	for node := range strings.FieldsSeq(nodes) {
		if _, err := run(ctx, mirror(), "docker", "exec", "--interactive", node,
			"sh", "-c", "mkdir -p '"+dir+"' && cat > '"+dir+"/hosts.toml'"); err != nil {
			return err
		}
	}
	return nil
}

// Registry is the registry's address on this machine.
func (c Cluster) Registry() (string, error) {
	return fmt.Sprintf("127.0.0.1:%d", c.RegistryPort), nil
}

// Status shows the nodes.
func (c Cluster) Status(ctx context.Context) error {
	nodes, err := run(ctx, "", "kubectl", "--kubeconfig", c.KubeconfigPath, "get", "nodes")
	fmt.Fprintln(c.Out, nodes)
	return err
}

// Down deletes the cluster and the registry; it is fine if they are gone.
func (c Cluster) Down() error {
	ctx := context.Background()
	if _, err := run(ctx, "", "kind", "delete", "cluster", "--name", clusterName); err != nil {
		return err
	}
	_, err := run(ctx, "", "docker", "rm", "--force", "--volumes", registry)
	if err == nil {
		err = os.Remove(c.KubeconfigPath)
	}
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

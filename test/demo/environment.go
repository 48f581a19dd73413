package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/redoubt-wal/redoubt/test/story"
)

// environment finds the tools that build.sh built, points kubectl and helm at the cluster, and
// pushes the images.
func environment(ctx context.Context, root string, short bool) (*story.Env, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	e := &story.Env{
		Bin: filepath.Join(root, "bin/kube"), Localkube: filepath.Join(root, "bin/kube/localkube"), Node: "node-1",
		Chart: filepath.Join(root, "charts/redoubt"), Samples: filepath.Join(root, "config/samples"),
		Self: self, Namespace: "shop", Short: short, Out: os.Stdout,
	}
	kubeconfig, err := output(ctx, e.Localkube, "kubeconfig")
	if err != nil {
		return nil, err
	}
	os.Setenv("KUBECONFIG", kubeconfig)
	e.Images, err = pushImages(ctx, e, filepath.Join(root, "bin"))
	return e, err
}

// pushImages makes images of single static binaries and pushes them to the cluster's registry.
func pushImages(ctx context.Context, e *story.Env, bin string) (story.Images, error) {
	const registry = "registry.local:5000/"
	var images story.Images
	for _, i := range []struct {
		to           *string
		name, binary string
		entrypoint   string
	}{
		{&images.Operator, "redoubt-operator:demo", "operator:/operator", "/operator"},
		{&images.Orders, "redoubt-node:1.4.0", "images/orders/node:/node", "/node"},
		{&images.NoLedger, "redoubt-node:1.4.1-without-ledger", "images/no-ledger/node:/node", "/node"},
		{&images.NextKV, "redoubt-node:1.5.0", "images/next-kv/node:/node", "/node"},
		{&images.NoNode, "not-a-node:1.0", "story:/something-else", "/node"},
	} {
		*i.to = registry + i.name
		digest, err := output(ctx, e.Localkube, "load-image", "--name", registry+i.name, "--binary", filepath.Join(bin, i.binary), "--entrypoint", i.entrypoint)
		if err != nil {
			return images, err
		}
		fmt.Printf("pushed %s %s\n", *i.to, digest)
	}
	return images, nil
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", filepath.Base(name), strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// farewell prints what to try next.
func farewell(out io.Writer, e *story.Env) {
	fmt.Fprintf(out, `
The cluster is still there. Try:

  export KUBECONFIG=%s PATH=%s:%s:$PATH
  kubectl -n %s get walclusters,pods,services
  kubectl redoubt status orders -n %s
  kubectl redoubt explain orders -n %s
  kubectl redoubt promote orders -n %s           # a planned switchover
  kubectl -n %s delete pod orders-1 --force      # an unplanned one
  kubectl -n %s scale walcluster orders --replicas 2
  make demo-down                                  # remove every trace
`, os.Getenv("KUBECONFIG"), filepath.Dir(e.Self), e.Bin, e.Namespace, e.Namespace, e.Namespace, e.Namespace, e.Namespace, e.Namespace)
}

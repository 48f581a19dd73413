package story

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// An Env is where the story happens: the tools, the cluster and the images.
type Env struct {
	Bin       string // folder with kubectl and helm
	Localkube string // the launcher of test/kube
	Node      string // a Kubernetes node in whose network clients run
	Chart     string // charts/redoubt
	Samples   string // config/samples
	Self      string // this program, for running the writer inside the cluster's network
	Namespace string
	Images    Images
	Short     bool // fewer writes: the end-to-end test
	Out       io.Writer
}

// Images are references that the cluster can pull.
type Images struct {
	Operator string
	Orders   string // kv 1.2.0 (format 1) and ledger 1.0.3
	NoLedger string // kv 1.2.0 alone
	NextKV   string // kv 1.3.0 (formats 1 and 2)
	NoNode   string // an image without the node binary
}

// Kubectl runs kubectl in the story's namespace and returns what it printed to standard output;
// an error carries what it printed to standard error.
func (e *Env) Kubectl(ctx context.Context, args ...string) (string, error) {
	return e.run(ctx, nil, e.Bin+"/kubectl", append([]string{"-n", e.Namespace}, args...)...)
}

// KubectlAll is Kubectl with standard error (warnings) beside standard output, and input on stdin.
func (e *Env) KubectlAll(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, e.Bin+"/kubectl", append([]string{"-n", e.Namespace}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// InCluster runs a command of this machine inside the network of a Kubernetes node, where service
// addresses work.
func (e *Env) InCluster(ctx context.Context, env []string, command ...string) (string, error) {
	return e.run(ctx, env, e.Localkube, e.inCluster(command...)...)
}

func (e *Env) inCluster(command ...string) []string {
	return append([]string{"exec-net", e.Node, "--"}, command...)
}

func (e *Env) run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

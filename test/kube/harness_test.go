//go:build kube

package kube_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A kube is a cluster of the test's own: other state and other ports than the
// default's.
type kube struct {
	t     *testing.T
	bin   string // with the programs of the cluster
	state string
	probe string // testdata/probe, built
}

func newKube(t *testing.T) *kube {
	bin := os.Getenv("KUBE_BIN")
	if bin == "" {
		bin = "../../bin/kube"
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	k := &kube{t: t, bin: bin, state: "/var/lib/localkube-test", probe: filepath.Join(t.TempDir(), "probe")}
	k.build(k.probe, "./testdata/probe")
	k.build(filepath.Join(bin, "localkube"), "./cmd/localkube") // the one under test, not an older one
	t.Cleanup(func() {
		if t.Failed() {
			_ = exec.Command("cp", "-r", k.state, t.ArtifactDir()).Run()
		}
		k.t = t
		k.localkube("down")
	})
	return k
}

func (k *kube) build(output, pkg string) {
	cmd := exec.Command("go", "build", "-o", output, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		k.t.Fatalf("build %s: %v: %s", pkg, err, out)
	}
}

// command is one of localkube with the flags that keep it to itself.
func (k *kube) command(subcommand string, args ...string) *exec.Cmd {
	flags := []string{subcommand, "--state", k.state, "--bin", k.bin, "--api-port=16443", "--registry-port=15000"}
	return exec.Command(filepath.Join(k.bin, "localkube"), append(flags, args...)...)
}

func (k *kube) localkube(subcommand string, args ...string) string {
	k.t.Helper()
	started := time.Now()
	out, err := k.command(subcommand, args...).CombinedOutput()
	if err != nil {
		k.t.Fatalf("localkube %s: %v:\n%s", subcommand, err, out)
	}
	k.t.Logf("localkube %s: %.1f s\n%s", subcommand, time.Since(started).Seconds(), out)
	return string(out)
}

// tool runs any of the programs and returns all that it says.
func (k *kube) tool(stdin, name string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(k.bin, name), args...)
	if name == "localkube" {
		cmd = k.command(args[0], args[1:]...)
	}
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(k.state, "kubeconfig"))
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (k *kube) kubectl(args ...string) string { k.t.Helper(); return k.kubectlIn("", args...) }

func (k *kube) kubectlIn(stdin string, args ...string) string {
	k.t.Helper()
	out, err := k.tool(stdin, "kubectl", args...)
	if err != nil {
		k.t.Fatalf("kubectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

func (k *kube) loadProbe() string {
	k.t.Helper()
	out, err := k.tool("", "localkube", "load-image", "--name", "registry.local:5000/probe:1", "--binary", k.probe)
	if err != nil {
		k.t.Fatalf("load-image: %v: %s", err, out)
	}
	return out
}

// fetch lets the probe at an address fetch a URL.
func (k *kube) fetch(from, url string) string {
	out, _ := k.tool("", "localkube", "exec-net", "control", "--", "curl", "-s", "-m5", "http://"+from+":8080/fetch?url="+url)
	return out
}

func (k *kube) eventually(what string, true func() bool) {
	k.t.Helper()
	for deadline := time.Now().Add(time.Minute); !true(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			k.t.Fatalf("not within a minute: %s", what)
		}
	}
}

// traces is all that a cluster could leave on this machine.
func traces(t *testing.T) string {
	t.Helper()
	var found strings.Builder
	for _, look := range []string{
		"cut -d' ' -f2-3 /proc/mounts | sort",
		"ip -o link | cut -d: -f2 | sort",
		"ip route; ip netns",
		"nft list ruleset 2>&1",
		"ls -d /sys/fs/cgroup/localkube-* /sys/fs/cgroup/*/localkube-* /sys/fs/cgroup/*/k8s.io /sys/fs/cgroup/*/kubepods 2>/dev/null",
		"ls -d /var/lib/kubelet /var/lib/containerd /var/lib/cni /var/lib/localkube-test /run/containerd /var/log/pods /var/log/containers /tmp/hostpath_pv 2>/dev/null",
		"ss -Hltn 'sport = :16443 or sport = :15000'",
	} {
		out, _ := exec.Command("sh", "-c", look).CombinedOutput()
		fmt.Fprintf(&found, "$ %s\n%s", look, out)
	}
	return found.String()
}

// namespaces are the network namespaces of the cluster's machines.
func (k *kube) namespaces() []string {
	var found []string
	records, _ := filepath.Glob(filepath.Join(k.state, "*", "pid"))
	for _, record := range records {
		text, _ := os.ReadFile(record)
		pid, _, _ := strings.Cut(string(text), " ")
		if link, err := os.Readlink("/proc/" + pid + "/ns/net"); err == nil {
			found = append(found, link)
		}
	}
	return found
}

// processesIn are the processes that are in any of the network namespaces.
func processesIn(namespaces []string) []string {
	var found []string
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		link, _ := os.Readlink(process + "/ns/net")
		for _, namespace := range namespaces {
			if link == namespace {
				name, _ := os.ReadFile(process + "/comm")
				found = append(found, filepath.Base(process)+" "+strings.TrimSpace(string(name)))
			}
		}
	}
	return found
}

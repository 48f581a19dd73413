//go:build kube

package kube_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCluster is one story, since a cluster is made once: up, pods on every
// node, a node cut off and healed, down, nothing left. It needs root, the
// Debian packages and built binaries (`localkube install`, `localkube build`),
// and it leaves a cluster alone that somebody else has up.
func TestCluster(t *testing.T) {
	k := newKube(t)
	before := traces(t)
	k.localkube("up")
	k.localkube("up") // does nothing, quickly
	k.localkube("status")
	namespaces := k.namespaces()

	t.Run("pods of static binaries run on every node", k.podsRun)
	t.Run("Pod Security refuses what is not restricted", k.podSecurity)
	t.Run("services and names lead to pods of every node", k.servicesLead)
	t.Run("the API server reaches kubelets and pods", k.serverReaches)
	t.Run("a node can be cut off and healed", k.cutAndHeal)
	t.Run("a deleted claim's volume is removed", k.volumesGo)
	t.Run("helm installs", k.helmInstalls)

	k.localkube("down")
	k.localkube("down") // safe to repeat
	if after := traces(t); after != before {
		t.Errorf("down left something:\n--- before\n%s\n--- after\n%s", before, after)
	}
	if left := processesIn(namespaces); len(left) > 0 {
		t.Errorf("down left the processes %v", left)
	}
	if _, err := os.Stat(k.state); !os.IsNotExist(err) {
		t.Errorf("down left %s: %v", k.state, err)
	}
}

// TestKilledUp ends `up` at several moments and expects `down` to clear away
// whatever there was.
func TestKilledUp(t *testing.T) {
	k := newKube(t)
	before := traces(t)
	for _, after := range []time.Duration{20 * time.Millisecond, 60 * time.Millisecond, 150 * time.Millisecond, 2 * time.Second} {
		up := k.command("up")
		if err := up.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		_ = up.Process.Kill()
		_ = up.Wait()
		namespaces := k.namespaces()
		k.localkube("down")
		if left := processesIn(namespaces); len(left) > 0 {
			t.Errorf("killed after %v, the processes %v stayed", after, left)
		}
		if now := traces(t); now != before {
			t.Errorf("killed after %v, something stayed:\n--- before\n%s\n--- after\n%s", after, before, now)
		}
	}
}

func (k *kube) podsRun(t *testing.T) {
	k.t = t
	first, second := k.loadProbe(), k.loadProbe()
	if first != second {
		t.Errorf("the same binary became %s and %s", first, second)
	}
	manifest, err := os.ReadFile("testdata/pods.yaml")
	if err != nil {
		t.Fatal(err)
	}
	k.kubectlIn(strings.ReplaceAll(string(manifest), "IMAGE", "registry.local:5000/probe@"+first), "apply", "-f", "-")
	k.kubectl("-n", "probe", "rollout", "status", "statefulset/probe", "--timeout=2m")
	nodes := k.kubectl("-n", "probe", "get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}")
	for _, node := range []string{"node-1", "node-2", "node-3"} {
		if !strings.Contains(nodes, node) {
			t.Errorf("no pod on %s: %s", node, nodes)
		}
	}
	for _, id := range strings.Fields(k.kubectl("-n", "probe", "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].imageID}")) {
		if !strings.HasSuffix(id, first) {
			t.Errorf("a pod says it runs %s, not %s", id, first)
		}
	}
}

func (k *kube) podSecurity(t *testing.T) {
	k.t = t
	out, err := k.tool("", "kubectl", "-n", "probe", "run", "root", "--image=registry.local:5000/probe", "--dry-run=server")
	if err == nil || !strings.Contains(out, "violates PodSecurity") {
		t.Errorf("got %v: %s", err, out)
	}
}

func (k *kube) servicesLead(t *testing.T) {
	k.t = t
	service := k.kubectl("-n", "probe", "get", "service", "probe", "-o", "jsonpath={.spec.clusterIP}")
	addresses := strings.Fields(k.kubectl("-n", "probe", "get", "pods", "-o", "jsonpath={.items[*].status.podIP}"))
	for _, from := range addresses {
		// From each pod, until each has answered, itself included.
		k.eventually("every pod answers "+from+" through the service", func() bool {
			answers := map[string]bool{}
			for range 20 {
				answers[k.fetch(from, "http://"+service)] = true
			}
			return answers["probe-0 uid 10001"] && answers["probe-1 uid 10001"] && answers["probe-2 uid 10001"] && len(answers) == 3
		})
		if got := k.fetch(from, "http://probe-1.members.probe.svc.cluster.local:8080"); got != "probe-1 uid 10001" {
			t.Errorf("probe-1's name led %s to %q", from, got)
		}
		if got := k.fetch(from, "https://kubernetes.default"); !strings.Contains(got, "certificate") {
			t.Errorf("the API server answered %s with %q, not with a certificate of its own", from, got)
		}
	}
}

func (k *kube) serverReaches(t *testing.T) {
	k.t = t
	for _, pod := range []string{"probe-0", "probe-1", "probe-2"} {
		if out, err := k.tool("", "kubectl", "-n", "probe", "exec", pod, "--", "probe", "say", "hello"); err != nil || out != "hello" {
			t.Errorf("exec in %s: %v: %s", pod, err, out)
		}
		if logs := k.kubectl("-n", "probe", "logs", pod); !strings.Contains(logs, "serving") {
			t.Errorf("logs of %s: %s", pod, logs)
		}
	}
	// The way that admission webhooks take.
	if got := k.kubectl("get", "--raw", "/api/v1/namespaces/probe/services/probe:80/proxy/"); !strings.HasSuffix(got, "uid 10001") {
		t.Errorf("a service's answer through the API server: %q", got)
	}
}

func (k *kube) cutAndHeal(t *testing.T) {
	k.t = t
	here := k.kubectl("-n", "probe", "get", "pods", "--field-selector=spec.nodeName=node-2", "-o", "jsonpath={.items[0].status.podIP}")
	reached := func(from string) bool {
		_, err := k.tool("", "localkube", "exec-net", from, "--", "curl", "-sf", "-m1", "http://"+here+":8080/")
		return err == nil
	}
	k.localkube("cut-node", "node-2")
	if reached("node-1") || reached("control") {
		t.Error("a node that is cut off is reached")
	}
	if !reached("node-2") {
		t.Error("a pod cannot be reached from its own node")
	}
	k.localkube("heal-node", "node-2")
	k.eventually("the node is reached again", func() bool { return reached("node-1") && reached("control") })
}

func (k *kube) volumesGo(t *testing.T) {
	k.t = t
	volumes := func() int {
		found, _ := filepath.Glob(filepath.Join(k.state, "volumes", "*", "name"))
		return len(found)
	}
	if volumes() != 3 {
		t.Errorf("%d volumes hold what the pods wrote, not 3", volumes())
	}
	k.kubectl("delete", "namespace", "probe", "--timeout=1m")
	k.eventually("the volumes are gone", func() bool { return volumes() == 0 })
}

func (k *kube) helmInstalls(t *testing.T) {
	k.t = t
	out, err := k.tool("", "helm", "install", "--wait", "--timeout=1m", "greeting", "testdata/chart")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := k.kubectl("get", "configmap", "greeting", "-o", "jsonpath={.data.kubernetes}"); !strings.HasPrefix(got, "v1.") {
		t.Errorf("helm takes the cluster for version %q", got)
	}
}

package settings_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/pki"
	"github.com/redoubt-wal/redoubt/test/kube/settings"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestWhatIsRenderedIsWhatWeReviewed(t *testing.T) {
	node := layout.Node{Number: 2}
	control := settings.Control{PKI: "/pki", Data: "/etcd", Images: "/images", Volumes: "/volumes"}
	lines := func(args []string) string { return strings.Join(args, "\n") + "\n" }
	for file, got := range map[string]string{
		"etcd.args":               lines(control.Etcd()),
		"kube-apiserver.args":     lines(control.APIServer()),
		"controller-manager.args": lines(control.ControllerManager()),
		"scheduler.args":          lines(control.Scheduler()),
		"registry.args":           lines(control.Registry()),
		"cluster-dns.args":        lines(control.ClusterDNS()),
		"volume-provisioner.args": lines(control.VolumeProvisioner()),
		"kubelet.args":            lines(settings.Kubelet(node)),
		"kubelet.yaml":            settings.KubeletConfig("/localkube/node-2"),
		"kube-proxy.args":         lines(settings.Proxy(node)),
		"containerd.args":         lines(settings.Containerd()),
		"containerd.toml":         settings.ContainerdConfig(),
		"pods.conflist":           settings.PodNetwork(node),
		"storage-classes.json":    lines(settings.StorageClasses()),
		"kubeconfig":              settings.Kubeconfig(layout.APIServer, []byte("ca"), pki.Pair{Certificate: []byte("crt"), Key: []byte("key")}),
	} {
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is now:\n%s\nif that is right, run `go test ./settings -update`", path, got)
		}
	}
}

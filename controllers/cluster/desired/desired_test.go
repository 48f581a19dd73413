package desired_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/desired"
)

var update = flag.Bool("update", false, "write the golden manifests anew")

func orders() *v1.WALCluster {
	return &v1.WALCluster{
		ObjectMeta: metav1.ObjectMeta{Name: "orders", Namespace: "shop", UID: "11111111-2222-3333-4444-555555555555"},
		Spec: v1.WALClusterSpec{
			Instances: 3, Image: "registry.example/redoubt-node:1.4.0",
			Storage:  v1.Storage{Size: resource.MustParse("10Gi")},
			Settings: map[string]v1.SettingValue{"max_wal_size": "2GB", "shared_buffers": "256MB"},
			Failover: v1.Failover{DetectionTimeout: metav1.Duration{Duration: 3 * time.Second}, IsolationTimeout: metav1.Duration{Duration: 10 * time.Second}},
		},
		Status: v1.WALClusterStatus{Decisions: v1.Decisions{Accepted: &v1.Revision{
			Reference: "registry.example/redoubt-node:1.4.0", Image: "registry.example/redoubt-node@sha256:0123",
			Modules: []v1.ModuleManifest{{Name: "kv", Version: "1.2.0"}, {Name: "ledger", Version: "1.0.3"}},
		}}},
	}
}

func TestManifests(t *testing.T) {
	c := orders()
	services := desired.Services(c)
	for name, object := range map[string]any{
		"pod":        desired.Pod(c, "orders-1", "abc"),
		"probe":      desired.Probe(c),
		"claim":      desired.Claim(c, "orders-1"),
		"service-rw": services[0],
		"service-ro": services[1],
		"service-r":  services[2],
		"budget":     desired.Budget(c),
		"secret-app": desired.App(c, "secret", []byte("certificate")),
		"secret-tls": desired.TLS(c, "orders-1", []byte("cert"), []byte("key"), []byte("ca")),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := yaml.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The judge is the admission plugin's own evaluator.
func TestPodsAreRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := orders()
	instance, probe := desired.Pod(c, "orders-1", "abc"), desired.Probe(c)
	for name, results := range map[string][]policy.CheckResult{
		"instance": evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &instance.ObjectMeta, &instance.Spec),
		"probe":    evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &probe.ObjectMeta, &probe.Spec),
	} {
		for _, r := range results {
			if !r.Allowed {
				t.Errorf("%s: %s: %s", name, r.ForbiddenReason, r.ForbiddenDetail)
			}
		}
	}
}

func TestRevision(t *testing.T) {
	was := desired.Revision(orders())
	for sentence, c := range map[string]struct {
		change func(*v1.WALCluster)
		same   bool
	}{
		"nothing":                     {func(*v1.WALCluster) {}, true},
		"more instances":              {func(c *v1.WALCluster) { c.Spec.Instances = 5 }, true},
		"a synchronous set":           {func(c *v1.WALCluster) { c.Spec.Synchronous = &v1.Synchronous{Number: 1} }, true},
		"an image not yet accepted":   {func(c *v1.WALCluster) { c.Spec.Image = "other" }, true},
		"an accepted image":           {func(c *v1.WALCluster) { c.Status.Accepted.Image = "other" }, false},
		"a module less":               {func(c *v1.WALCluster) { c.Status.Accepted.Modules = c.Status.Accepted.Modules[:1] }, false},
		"another version of a module": {func(c *v1.WALCluster) { c.Status.Accepted.Modules[0].Version = "1.3.0" }, false},
		"a setting":                   {func(c *v1.WALCluster) { c.Spec.Settings["max_wal_size"] = "3GB" }, false},
		"a restart asked for":         {func(c *v1.WALCluster) { c.Annotations = map[string]string{v1.AnnotationRestartedAt: "now"} }, false},
	} {
		changed := orders()
		c.change(changed)
		if got := desired.Revision(changed) == was; got != c.same {
			t.Errorf("%s: same revision is %v, want %v", sentence, got, c.same)
		}
	}
}

// The person's settings come first, so that they can never take the place of the operator's.
func TestOperatorsSettingsWin(t *testing.T) {
	c := orders()
	c.Spec.Settings["zz"] = "1"
	got := desired.Settings(c, "orders-1")
	person, operator := -1, -1
	for i, s := range got {
		if s == "zz=1" {
			person = i
		}
		if strings.HasPrefix(s, "managed=") {
			operator = i
		}
	}
	if person < 0 || operator < person {
		t.Errorf("got %q", got)
	}
}

package envtest_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// asInstalled gives a user the rights of the chart's service account until the test ends, and returns how to speak as
// that one, and its namespace.
func asInstalled(t *testing.T, namespaces []string) (allowed *rest.Config, home string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "operator-"}}
	if err := kube.Create(ctx, ns); err != nil {
		t.Fatal(err)
	}
	options := []string{"--namespace", ns.Name}
	if len(namespaces) > 0 {
		options = append(options, "--set", "watchNamespaces={"+strings.Join(namespaces, ",")+"}")
	}
	for _, o := range rendered(t, "redoubt", options...) {
		if o.GetKind() == "Deployment" {
			continue
		}
		if err := kube.Create(ctx, &o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = kube.Delete(ctx, &o) })
	}
	allowed = rest.CopyConfig(config)
	allowed.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + ns.Name + ":redoubt",
		Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + ns.Name, "system:authenticated"}}
	return allowed, ns.Name
}

// The rights in the namespaces that it looks after are enough for an operator: it makes a cluster, changes the primary,
// removes an instance and tells of it.
func TestRightsInSomeNamespaces(t *testing.T) {
	s := newScene(t, "some", three, map[string]control.Manifest{"node:1": manifest("1.2.0", 1, ledger())})
	startOperator(t, s.key.Namespace, "default")
	s.eventually("ready", 30*time.Second, ready)
	s.edit(func(c *v1.WALCluster) { c.Annotations = map[string]string{v1.AnnotationSwitchover: "some-2"} })
	s.eventually("another primary", 30*time.Second, func(c *v1.WALCluster) bool { return c.Status.CurrentPrimary == "some-2" && ready(c) })
	s.edit(func(c *v1.WALCluster) { c.Spec.Instances = 2 })
	s.eventually("two instances", 30*time.Second, func(c *v1.WALCluster) bool { return c.Status.Instances == 2 && ready(c) })
	for _, reason := range []string{v1.ReasonSwitchoverRequested, v1.ReasonScaleDown} {
		s.eventually("an event of "+reason, 30*time.Second, func(*v1.WALCluster) bool {
			var events eventsv1.EventList
			if err := kube.List(ctx, &events, client.InNamespace(s.key.Namespace)); err != nil {
				t.Fatal(err)
			}
			for _, e := range events.Items {
				if e.Reason == reason {
					return true
				}
			}
			return false
		})
	}
}

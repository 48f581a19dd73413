package envtest_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers"
)

// The operator does not fill its memory with everybody's pods: it keeps those of its clusters, here of a
// namespace.
func TestOnlyWhatBelongsToClustersIsKept(t *testing.T) {
	names := map[string]string{}
	for _, of := range []string{"watched", "other"} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: of + "-"}}
		if err := kube.Create(ctx, ns); err != nil {
			t.Fatal(err)
		}
		names[of] = ns.Name
		for name, labels := range map[string]map[string]string{"ours": {v1.LabelCluster: "orders"}, "somebody-elses": {"app": "shop"}} {
			meta := metav1.ObjectMeta{Namespace: ns.Name, Name: name, Labels: labels}
			for _, o := range []client.Object{
				&corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}},
				&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}}},
			} {
				if err := kube.Create(ctx, o); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	options, err := controllers.Cache(names["watched"])
	if err != nil {
		t.Fatal(err)
	}
	options.Scheme = kube.Scheme()
	kept, err := cache.New(config, options)
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- kept.Start(running) }()
	defer func() { stop(); <-ended }()
	if !kept.WaitForCacheSync(ctx) {
		t.Fatal("the cache does not start")
	}
	var pods corev1.PodList
	var services corev1.ServiceList
	if err := kept.List(ctx, &pods); err != nil {
		t.Fatal(err)
	}
	if err := kept.List(ctx, &services); err != nil {
		t.Fatal(err)
	}
	if len(pods.Items) != 1 || pods.Items[0].Name != "ours" || len(services.Items) != 1 || services.Items[0].Name != "ours" {
		t.Errorf("kept are %d pods and %d services, want ours alone", len(pods.Items), len(services.Items))
	}
}

package controllers

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster"
	"github.com/redoubt-wal/redoubt/controllers/resourcemanager"
)

// Options of the operator's controllers. The zero value works.
type Options struct {
	Now func() time.Time // nil: time.Now
}

// Scheme knows every kind that the controllers read and write.
func Scheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		return nil, err
	}
	return s, v1.AddToScheme(s)
}

// Cache is what the controllers see of some namespaces, or of all: of pods, volume claims, services and
// disruption budgets only those that belong to a WALCluster. A Kubernetes cluster may have very many others.
func Cache(namespaces ...string) (cache.Options, error) {
	ours, err := labels.NewRequirement(v1.LabelCluster, selection.Exists, nil)
	if err != nil {
		return cache.Options{}, err
	}
	only := cache.ByObject{Label: labels.NewSelector().Add(*ours)}
	o := cache.Options{ByObject: map[client.Object]cache.ByObject{
		&corev1.Pod{}: only, &corev1.PersistentVolumeClaim{}: only, &corev1.Service{}: only, &policyv1.PodDisruptionBudget{}: only,
	}}
	for _, ns := range namespaces {
		if o.DefaultNamespaces == nil {
			o.DefaultNamespaces = map[string]cache.Config{}
		}
		o.DefaultNamespaces[ns] = cache.Config{}
	}
	return o, nil
}

// Setup registers every controller.
func Setup(mgr ctrl.Manager, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	clusters := &cluster.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Recorder: mgr.GetEventRecorder(v1.OperatorName), Now: o.Now,
	}
	if err := clusters.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("controller of WALCluster: %w", err)
	}
	reservations := &resourcemanager.Reconciler{Client: mgr.GetClient(), Recorder: mgr.GetEventRecorder(v1.OperatorName), Now: o.Now}
	if err := reservations.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("controller of ResourceManager: %w", err)
	}
	return nil
}

package controllers

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"

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

package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/cluster/watch"
)

// +kubebuilder:rbac:groups=redoubt.dev,resources=walclusters,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=redoubt.dev,resources=walclusters/status,verbs=update;patch
// +kubebuilder:rbac:groups=redoubt.dev,resources=walclusters/finalizers,verbs=update
// +kubebuilder:rbac:groups=redoubt.dev,resources=resourcemanagers,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=services,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="";events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;create;update

// A Reconciler brings WALClusters to what their specs say.
type Reconciler struct {
	client.Client                      // reads of pods, volumes and services come from a cache
	Live          client.Reader        // reads straight from the API server: clusters and secrets
	Recorder      events.EventRecorder // may be nil
	Now           func() time.Time
	Dial          DialInstance // how to reach an instance; nil: the control port of its pod's address

	hub         *watch.Hub
	commands    *commands
	chores      *chores
	credentials *credentials
	censuses    *censuses
	told        *told
	wake        chan event.GenericEvent
}

// DialInstance is where an instance's control API is.
type DialInstance func(pod *corev1.Pod) (address string)

// SetupWithManager registers the controller and its watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.Init()
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1.WALCluster{}).
		Owns(&corev1.Pod{}).
		Owns(&corev1.PersistentVolumeClaim{}).
		Owns(&corev1.Service{}).
		Owns(&policyv1.PodDisruptionBudget{}).
		Watches(&v1.ResourceManager{}, handler.EnqueueRequestsFromMapFunc(r.allClusters)).
		WatchesRawSource(source.Channel(r.wake, &handler.EnqueueRequestForObject{})).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: 4,
			// A failed pass is soon tried again: it may be the one that replaces a lost primary.
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](50*time.Millisecond, 2*time.Second),
		}).
		Complete(r)
}

// Init makes what lives as long as the operator. SetupWithManager calls it.
func (r *Reconciler) Init() {
	if r.Now == nil {
		r.Now = time.Now
	}
	r.wake = make(chan event.GenericEvent, 1024)
	r.hub = watch.NewHub(r.Now, r.trigger)
	r.commands = newCommands(r.hub, func() time.Time { return r.Now() }, r.trigger)
	r.chores = newChores(r.trigger)
	r.credentials = newCredentials()
	r.censuses = newCensuses(r.trigger)
	r.told = newTold()
}

// trigger asks for a pass. It never blocks: a full channel means that passes are due anyway.
func (r *Reconciler) trigger(cluster types.NamespacedName) {
	c := &v1.WALCluster{}
	c.Namespace, c.Name = cluster.Namespace, cluster.Name
	select {
	case r.wake <- event.GenericEvent{Object: c}:
	default:
	}
}

func (r *Reconciler) allClusters(ctx context.Context, _ client.Object) []reconcile.Request {
	var clusters v1.WALClusterList
	if r.List(ctx, &clusters) != nil {
		return nil
	}
	var out []reconcile.Request
	for i := range clusters.Items {
		out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&clusters.Items[i])})
	}
	return out
}

// Reconcile is one pass over one cluster.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var c v1.WALCluster
	if err := r.Live.Get(ctx, req.NamespacedName, &c); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !c.DeletionTimestamp.IsZero() {
		r.forget(req.NamespacedName)
		return ctrl.Result{}, nil // what it owns goes with it
	}
	due := r.credentials.due(req.NamespacedName, c.UID, c.Generation, r.Now())
	var unknown error // of the authority
	if due {
		unknown = r.learnAuthority(ctx, &c)
	}
	seen, err := r.observe(ctx, &c)
	if err != nil {
		return ctrl.Result{}, errors.Join(unknown, err)
	}
	var d deeds
	var next time.Duration
	if _, known := r.credentials.authority(req.NamespacedName); known {
		var steps []plan.Step
		steps, next = plan.Next(seen)
		logSteps(ctx, steps)
		patience, cancel := context.WithTimeout(ctx, r.chores.patience)
		defer cancel()
		d = r.apply(ctx, patience.Done(), &c, steps)
		if due && unknown == nil { // last: no lost primary waits for a service
			as := c.DeepCopy()
			d.did(r.chores.do(ctx, patience.Done(), req.NamespacedName, "ensure", func(ctx context.Context) error { return r.ensure(ctx, as) }))
		}
	}
	failed := errors.Join(unknown, d.failed)
	if err := r.report(ctx, &c, seen, d, errors.Join(failed, d.before)); err != nil || failed != nil {
		if apierrors.IsConflict(failed) || apierrors.IsConflict(err) {
			return ctrl.Result{RequeueAfter: 10 * time.Millisecond}, nil // somebody wrote meanwhile: look again
		}
		return ctrl.Result{}, errors.Join(failed, err)
	}
	return ctrl.Result{RequeueAfter: next}, nil
}

func (r *Reconciler) forget(cluster types.NamespacedName) {
	r.hub.Forget(cluster)
	r.credentials.forget(cluster)
	r.told.forget(cluster)
	r.chores.forget(cluster)
	r.censuses.forget(cluster)
	r.commands.forget(cluster)
}

// logSteps says what is about to change; commands are logged when they are sent (apply.go).
func logSteps(ctx context.Context, steps []plan.Step) {
	for _, s := range steps {
		level := 0
		if s.Do == plan.Wait || s.Do == plan.Label || s.Do == plan.DeleteProbe {
			level = 1
		}
		if s.Request == nil {
			logStep(ctx, level, s)
		}
	}
}

func logStep(ctx context.Context, level int, s plan.Step) {
	logr.FromContextOrDiscard(ctx).V(level).Info("step", "do", s.Do, "member", s.Target, "reason", s.Reason, "message", s.Message)
}

// Package resourcemanager is the controller of ResourceManager. That an ID is reserved once is the
// API server's doing, by the object's name; that a name is reserved once cannot be said in a schema:
// of two reservations of a name the older holds, and the other says so and counts for nothing.
package resourcemanager

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
)

// +kubebuilder:rbac:groups=redoubt.dev,resources=resourcemanagers,verbs=get;list;watch
// +kubebuilder:rbac:groups=redoubt.dev,resources=resourcemanagers/status,verbs=patch

// A Reconciler says of every reservation whether it holds.
type Reconciler struct {
	client.Client
	Recorder events.EventRecorder // may be nil
	Now      func() time.Time
}

// SetupWithManager registers the controller: a change of one reservation may decide about another.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1.ResourceManager{}).
		Watches(&v1.ResourceManager{}, handler.EnqueueRequestsFromMapFunc(r.others)).
		Complete(r)
}

func (r *Reconciler) others(ctx context.Context, o client.Object) []reconcile.Request {
	var list v1.ResourceManagerList
	if r.List(ctx, &list) != nil {
		return nil
	}
	var out []reconcile.Request
	for i := range list.Items {
		if list.Items[i].Name != o.GetName() {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return out
}

// Reconcile says whether one reservation holds.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var mine v1.ResourceManager
	if err := r.Get(ctx, req.NamespacedName, &mine); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	var all v1.ResourceManagerList
	if err := r.List(ctx, &all); err != nil {
		return ctrl.Result{}, fmt.Errorf("list resource managers: %w", err)
	}
	before := mine.DeepCopy()
	verdict := Reserved(&mine, all.Items)
	mine.Status.ObservedGeneration = mine.Generation
	changed := conditions.Set(&mine.Status.Conditions, metav1.NewTime(r.Now()), mine.Generation, verdict)
	if len(changed) == 0 && before.Status.ObservedGeneration == mine.Status.ObservedGeneration {
		return ctrl.Result{}, nil
	}
	if err := r.Status().Patch(ctx, &mine, client.MergeFrom(before), client.FieldOwner(v1.OperatorName)); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(fmt.Errorf("report status: %w", err))
	}
	if r.Recorder != nil && verdict.Status == metav1.ConditionFalse {
		r.Recorder.Eventf(&mine, nil, corev1.EventTypeWarning, verdict.Reason, v1.ConditionReserved, "%s", verdict.Message)
	}
	return ctrl.Result{}, nil
}

// Reserved decides whether a reservation holds among all of them. It is pure.
func Reserved(mine *v1.ResourceManager, all []v1.ResourceManager) metav1.Condition {
	for i := range all {
		other := &all[i]
		if other.Name == mine.Name || !strings.EqualFold(other.Spec.Name, mine.Spec.Name) {
			continue
		}
		if older(other, mine) {
			return metav1.Condition{Type: v1.ConditionReserved, Status: metav1.ConditionFalse, Reason: v1.ReasonNameTaken,
				Message: fmt.Sprintf("the name %s is reserved with ID %d by %s, which is older: delete one of the two", mine.Spec.Name, other.Spec.ID, other.Name)}
		}
	}
	return metav1.Condition{Type: v1.ConditionReserved, Status: metav1.ConditionTrue, Reason: v1.ReasonIDReserved,
		Message: fmt.Sprintf("ID %d belongs to %s", mine.Spec.ID, mine.Spec.Name)}
}

func older(a, b *v1.ResourceManager) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

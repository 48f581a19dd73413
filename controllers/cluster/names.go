package cluster

import (
	"context"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// unlessTaken refuses to make an object whose name something has that is not of this cluster: what a person, or
// another controller, made is neither changed nor deleted when the cluster goes. What only lacks its label is the
// cluster's where it will be applied, which puts the label back.
func (r *Reconciler) unlessTaken(ctx context.Context, c *v1.WALCluster, o client.Object, applied bool) error {
	there := reflect.New(reflect.TypeOf(o).Elem()).Interface().(client.Object)
	err := r.Get(ctx, client.ObjectKeyFromObject(o), there)
	if apierrors.IsNotFound(err) { // the cache has only what carries the label
		err = r.Live.Get(ctx, client.ObjectKeyFromObject(o), there)
	}
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case there.GetLabels()[v1.LabelCluster] != c.Name && !(applied && metav1.IsControlledBy(there, c)):
		return fmt.Errorf("%s %s is there already and does not belong to this WALCluster (it has no label %s=%s): remove it, or give the cluster another name",
			reflect.TypeOf(o).Elem().Name(), o.GetName(), v1.LabelCluster, c.Name)
	}
	return nil
}

// create makes a pod, unless it is there.
func (r *Reconciler) create(ctx context.Context, c *v1.WALCluster, pod client.Object) error {
	err := r.Create(ctx, pod, client.FieldOwner(v1.OperatorName))
	if apierrors.IsAlreadyExists(err) {
		return r.unlessTaken(ctx, c, pod, false)
	}
	return err
}

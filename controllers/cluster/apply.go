package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/desired"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// apply takes the steps in their order and returns those that were taken. A record that fails ends it:
// what follows rests on it. Another step that the API server does not accept is left out. Commands to
// instances are only begun here; c carries what was recorded.
func (r *Reconciler) apply(ctx context.Context, c *v1.WALCluster, steps []plan.Step) (taken []plan.Step, failed error) {
	key := client.ObjectKeyFromObject(c)
	var order []string
	commands := map[string][]plan.Step{}
	flush := func() {
		for _, name := range order {
			for _, sent := range r.commands.send(key, name, commands[name]) {
				logStep(ctx, 0, sent)
			}
		}
		order, commands = nil, map[string][]plan.Step{}
	}
	defer flush()
	for _, step := range steps {
		if step.Request != nil {
			if commands[step.Target] == nil {
				order = append(order, step.Target)
			}
			commands[step.Target] = append(commands[step.Target], step)
			taken = append(taken, step)
			continue
		}
		flush()
		if err := r.take(ctx, c, step); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s %s (%s): %w", step.Do, step.Target, step.Reason, err))
			if step.Do == plan.Record {
				return taken, failed
			}
			continue
		}
		taken = append(taken, step)
	}
	return taken, failed
}

func (r *Reconciler) take(ctx context.Context, c *v1.WALCluster, step plan.Step) error {
	switch step.Do {
	case plan.Record:
		return r.record(ctx, c, step)
	case plan.CreateInstance:
		return r.createInstance(ctx, c, step.Target)
	case plan.DeletePod:
		return r.deletePod(ctx, c, step.Target, types.UID(step.UID))
	case plan.DeleteInstance:
		return r.deleteInstance(ctx, c, step.Target)
	case plan.Label:
		return r.label(ctx, c, step.Target, step.Role)
	case plan.ProbeImage:
		err := r.Create(ctx, desired.Probe(c), client.FieldOwner(v1.OperatorName))
		return ignoreExists(err)
	case plan.DeleteProbe:
		return r.deletePod(ctx, c, desired.PodProbe(c.Name), "")
	case plan.ClearRequest:
		patch := []byte(fmt.Sprintf(`{"metadata":{"annotations":{%q:null}}}`, v1.AnnotationSwitchover))
		return r.Patch(ctx, stub(c), client.RawPatch(types.MergePatchType, patch), client.FieldOwner(v1.OperatorName))
	}
	return nil // Wait
}

// record writes the decisions if nobody wrote the cluster since it was read, and leaves what was
// written, with its new resource version, in c.
func (r *Reconciler) record(ctx context.Context, c *v1.WALCluster, step plan.Step) error {
	next := c.DeepCopy()
	next.Status.Decisions = *step.Decisions.DeepCopy()
	if err := r.Status().Update(ctx, next, client.FieldOwner(v1.OperatorName)); err != nil {
		return err
	}
	c.ResourceVersion, c.Status = next.ResourceVersion, next.Status
	return nil
}

func (r *Reconciler) createInstance(ctx context.Context, c *v1.WALCluster, instance string) error {
	if err := r.ensureLeaf(ctx, c, instance); err != nil {
		return err
	}
	if err := r.serverSideApply(ctx, desired.Claim(c, instance)); err != nil {
		return err
	}
	return ignoreExists(r.Create(ctx, desired.Pod(c, instance, desired.Revision(c)), client.FieldOwner(v1.OperatorName)))
}

func (r *Reconciler) deletePod(ctx context.Context, c *v1.WALCluster, name string, uid types.UID) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.Namespace}}
	var opts []client.DeleteOption
	if uid != "" {
		opts = append(opts, client.Preconditions{UID: &uid}) // never the pod that came after it
	}
	err := r.Delete(ctx, pod, opts...)
	if apierrors.IsConflict(err) {
		return nil
	}
	return client.IgnoreNotFound(err)
}

func (r *Reconciler) deleteInstance(ctx context.Context, c *v1.WALCluster, instance string) error {
	meta := metav1.ObjectMeta{Name: instance, Namespace: c.Namespace}
	secret := metav1.ObjectMeta{Name: desired.SecretTLS(instance), Namespace: c.Namespace}
	for _, o := range []client.Object{&corev1.PersistentVolumeClaim{ObjectMeta: meta}, &corev1.Pod{ObjectMeta: meta}, &corev1.Secret{ObjectMeta: secret}} {
		if err := client.IgnoreNotFound(r.Delete(ctx, o)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) label(ctx context.Context, c *v1.WALCluster, pod, role string) error {
	patch := []byte(fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, v1.LabelRole, role))
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: c.Namespace}}
	return client.IgnoreNotFound(r.Patch(ctx, p, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(v1.OperatorName)))
}

// serverSideApply makes an object as it should be, and leaves alone what others own of it.
func (r *Reconciler) serverSideApply(ctx context.Context, o client.Object) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return err
	}
	delete(fields, "status")
	u := &unstructured.Unstructured{Object: fields}
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	return r.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(v1.OperatorName), client.ForceOwnership)
}

func stub(c *v1.WALCluster) *v1.WALCluster {
	return &v1.WALCluster{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
}

func ignoreExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// same reports whether two values have the same JSON.
func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

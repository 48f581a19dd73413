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

// deeds are what became of a pass's steps.
type deeds struct {
	begun  []plan.Step // by this pass
	doing  []plan.Step // and what earlier ones began, and is under way
	failed error
	before error // how what is under way failed the last time
}

// did notes what became of steps.
func (d *deeds) did(err error, steps ...plan.Step) {
	var again underWay
	switch {
	case errors.As(err, &again):
		d.doing = append(d.doing, steps...)
		d.before = errors.Join(d.before, again.before)
	case err != nil:
		d.failed = errors.Join(d.failed, err)
	default:
		d.begun, d.doing = append(d.begun, steps...), append(d.doing, steps...)
	}
}

// apply takes the steps in their order. A record that fails ends it: what follows rests on it. Another step
// that the API server does not accept is left out, and one that it is long in answering about goes on when
// patience is over. Commands to instances are only begun here; c carries what was recorded.
func (r *Reconciler) apply(ctx context.Context, patience <-chan struct{}, c *v1.WALCluster, steps []plan.Step) (d deeds) {
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
			d.did(nil, step)
			continue
		}
		flush()
		switch step.Do {
		case plan.Wait:
			d.did(nil, step)
		case plan.Record:
			err := about(step, r.record(ctx, c, step))
			if d.did(err, step); err != nil {
				return d
			}
		default:
			as := c.DeepCopy()
			d.did(r.chores.do(ctx, patience, key, fmt.Sprintf("%s %s %s", step.Do, step.Target, step.UID), func(ctx context.Context) error {
				return about(step, r.take(ctx, as, step))
			}), step)
		}
	}
	return d
}

// about says which step an error is about.
func about(step plan.Step, err error) error {
	return named(fmt.Sprintf("%s %s (%s)", step.Do, step.Target, step.Reason), err)
}

func (r *Reconciler) take(ctx context.Context, c *v1.WALCluster, step plan.Step) error {
	switch step.Do {
	case plan.CreateInstance:
		return r.createInstance(ctx, c, step.Target)
	case plan.DeletePod:
		return r.deletePod(ctx, c, step.Target, types.UID(step.UID))
	case plan.DeleteInstance:
		return r.deleteInstance(ctx, c, step)
	case plan.Label:
		return r.label(ctx, c, step.Target, step.Role)
	case plan.ProbeImage:
		return r.create(ctx, c, desired.Probe(c))
	case plan.DeleteProbe:
		return r.deletePod(ctx, c, desired.PodProbe(c.Name), "")
	case plan.ClearRequest:
		// Not what was asked for since.
		patch := []byte(fmt.Sprintf(`{"metadata":{"resourceVersion":%q,"annotations":{%q:null}}}`, c.ResourceVersion, v1.AnnotationSwitchover))
		return r.Patch(ctx, stub(c), client.RawPatch(types.MergePatchType, patch), client.FieldOwner(v1.OperatorName))
	}
	return nil
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
	if err := r.serverSideApply(ctx, c, desired.Claim(c, instance)); err != nil {
		return err
	}
	return r.create(ctx, c, desired.Pod(c, instance, desired.Revision(c)))
}

func (r *Reconciler) deletePod(ctx context.Context, c *v1.WALCluster, name string, uid types.UID) error {
	return r.deleteObject(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.Namespace}}, uid)
}

// deleteObject deletes the object that was meant, and never the one of its name that came after it. Without a
// UID any is meant.
func (r *Reconciler) deleteObject(ctx context.Context, o client.Object, uid types.UID) error {
	var opts []client.DeleteOption
	if uid != "" {
		opts = append(opts, client.Preconditions{UID: &uid})
	}
	err := r.Delete(ctx, o, opts...)
	if apierrors.IsConflict(err) {
		return nil
	}
	return client.IgnoreNotFound(err)
}

func (r *Reconciler) deleteInstance(ctx context.Context, c *v1.WALCluster, step plan.Step) error {
	meta := metav1.ObjectMeta{Name: step.Target, Namespace: c.Namespace}
	if step.Claim != "" {
		if err := r.deleteObject(ctx, &corev1.PersistentVolumeClaim{ObjectMeta: meta}, types.UID(step.Claim)); err != nil {
			return err
		}
	}
	if step.UID != "" {
		if err := r.deleteObject(ctx, &corev1.Pod{ObjectMeta: meta}, types.UID(step.UID)); err != nil {
			return err
		}
	}
	return r.deleteObject(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: desired.SecretTLS(step.Target), Namespace: c.Namespace}}, "")
}

func (r *Reconciler) label(ctx context.Context, c *v1.WALCluster, pod, role string) error {
	patch := []byte(fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, v1.LabelRole, role))
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: c.Namespace}}
	return client.IgnoreNotFound(r.Patch(ctx, p, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(v1.OperatorName)))
}

// serverSideApply makes an object of a cluster as it should be, and leaves alone what others own of it.
func (r *Reconciler) serverSideApply(ctx context.Context, c *v1.WALCluster, o client.Object) error {
	if err := r.unlessTaken(ctx, c, o, true); err != nil {
		return err
	}
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

package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/desired"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/cluster/watch"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
)

func orders() *v1.WALCluster {
	return &v1.WALCluster{
		ObjectMeta: metav1.ObjectMeta{Name: "orders", Namespace: "shop", UID: "u", Generation: 1},
		Spec: v1.WALClusterSpec{Instances: 3, Image: "node:1", Storage: v1.Storage{Size: resource.MustParse("1Gi")},
			Modules:  []v1.Module{{Name: "kv", Version: "1.2.0"}},
			Failover: v1.Failover{DetectionTimeout: metav1.Duration{Duration: 3 * time.Second}, IsolationTimeout: metav1.Duration{Duration: 10 * time.Second}}},
	}
}

// reconciler over a fake API server whose calls may be made to fail.
func reconciler(t *testing.T, faults interceptor.Funcs, objects ...client.Object) *Reconciler {
	t.Helper()
	scheme := runtime.NewScheme()
	_ = clientgoscheme.AddToScheme(scheme)
	_ = v1.AddToScheme(scheme)
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1.WALCluster{}, &corev1.Pod{}).WithInterceptorFuncs(faults).Build()
	r := &Reconciler{Client: api, Live: api}
	r.Init()
	r.chores.patience = time.Minute // whatever the machine is busy with
	t.Cleanup(r.hub.Close)
	return r
}

var request = ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "shop", Name: "orders"}}

func (r *Reconciler) pass(t *testing.T) *v1.WALCluster {
	t.Helper()
	if _, err := r.Reconcile(context.Background(), request); err != nil {
		t.Fatal(err)
	}
	var c v1.WALCluster
	if err := r.Get(context.Background(), request.NamespacedName, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// A new cluster has its services, secrets and budget, and asks its image before it has any instance.
func TestFirstPasses(t *testing.T) {
	r := reconciler(t, interceptor.Funcs{}, orders())
	c := r.pass(t)
	for _, o := range []client.Object{
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "orders-rw"}}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "orders-ro"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "orders-ca"}}, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "orders-app"}},
		&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "orders-probe"}},
	} {
		if err := r.Get(context.Background(), client.ObjectKey{Namespace: "shop", Name: o.GetName()}, o); err != nil {
			t.Errorf("%T %s: %v", o, o.GetName(), err)
		}
	}
	if c.Status.Instances != 0 || c.Status.ObservedGeneration != 1 {
		t.Errorf("got %+v", c.Status)
	}

	var probe corev1.Pod
	if err := r.Get(context.Background(), client.ObjectKey{Namespace: "shop", Name: "orders-probe"}, &probe); err != nil {
		t.Fatal(err)
	}
	probe.Status.ContainerStatuses = []corev1.ContainerStatus{{ImageID: "registry.example/node@sha256:abc", State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{Message: `{"apiVersion":"` + control.ManifestVersion + `","modules":[{"name":"kv","version":"1.2.0","rmgrs":[]}]}`}}}}
	if err := r.Status().Update(context.Background(), &probe); err != nil {
		t.Fatal(err)
	}
	c = r.pass(t)
	if c.Status.Accepted == nil || c.Status.Accepted.Image != "node@sha256:abc" {
		t.Fatalf("accepted %+v", c.Status.Accepted)
	}
	var pod corev1.Pod
	if err := r.Get(context.Background(), client.ObjectKey{Namespace: "shop", Name: "orders-1"}, &pod); err != nil {
		t.Fatal(err)
	}
	if pod.Spec.Containers[0].Image != "node@sha256:abc" || pod.Annotations[v1.AnnotationRevision] != desired.Revision(c) {
		t.Errorf("the pod runs %s of revision %s", pod.Spec.Containers[0].Image, pod.Annotations[v1.AnnotationRevision])
	}
	if err := r.Get(context.Background(), client.ObjectKey{Namespace: "shop", Name: "orders-probe"}, &probe); !apierrors.IsNotFound(err) {
		t.Errorf("the probe is still there: %v", err)
	}
}

// What is not recorded is not acted on: behind a claim that another operator won nobody is fenced, and
// no pod is touched.
func TestNothingIsDoneBehindAFailedRecord(t *testing.T) {
	for sentence, fault := range map[string]error{
		"another operator wrote first":     apierrors.NewConflict(schema.GroupResource{Resource: "walclusters"}, "orders", errors.New("changed")),
		"the API server refuses":           apierrors.NewForbidden(schema.GroupResource{Resource: "walclusters"}, "orders", errors.New("no")),
		"nobody knows whether it was done": errors.New("connection reset"),
	} {
		t.Run(sentence, func(t *testing.T) {
			deleted := false
			r := reconciler(t, interceptor.Funcs{
				SubResourceUpdate: func(context.Context, client.Client, string, client.Object, ...client.SubResourceUpdateOption) error {
					return fault
				},
				Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
					deleted = true
					return nil
				},
			}, orders())
			c := orders()
			d := r.apply(context.Background(), nil, c, []plan.Step{
				{Do: plan.Record, Decisions: &v1.Decisions{Timeline: &v1.TimelineClaim{ID: 2}}},
				{Do: plan.Fence, Target: "orders-2", Request: control.FenceRequest{Timeline: 2}},
				{Do: plan.DeletePod, Target: "orders-1"},
			})
			if !errors.Is(d.failed, fault) {
				t.Errorf("got %v", d.failed)
			}
			if deleted || len(r.commands.flying) > 0 || len(r.commands.takeRefused(request.NamespacedName)) > 0 {
				t.Error("a step behind it was taken")
			}
			if c.Status.Timeline != nil {
				t.Error("it is taken for recorded")
			}
		})
	}
}

// Nothing but a record is a condition for what is behind it: a pod that cannot be made does not keep a
// timeline from being claimed.
func TestARefusedPodKeepsNoClaimFromBeingRecorded(t *testing.T) {
	r := reconciler(t, interceptor.Funcs{
		Create: func(_ context.Context, _ client.WithWatch, o client.Object, _ ...client.CreateOption) error {
			return errors.New("a webhook on the lost machine")
		},
	}, orders())
	var c v1.WALCluster
	if err := r.Get(context.Background(), request.NamespacedName, &c); err != nil {
		t.Fatal(err)
	}
	d := r.apply(context.Background(), nil, &c, []plan.Step{
		{Do: plan.ProbeImage, Target: "node:1"},
		{Do: plan.Record, Decisions: &v1.Decisions{Timeline: &v1.TimelineClaim{ID: 2}}},
	})
	if d.failed == nil || !strings.Contains(d.failed.Error(), "a webhook on the lost machine") {
		t.Errorf("got %v", d.failed)
	}
	if len(d.begun) != 1 || d.begun[0].Do != plan.Record || c.Status.Timeline == nil || c.Status.Timeline.ID != 2 {
		t.Errorf("taken %+v, recorded %+v", d.begun, c.Status.Timeline)
	}
}

// A step that the API server refuses is said in a condition, and the pass is tried again.
func TestFailedStepIsReported(t *testing.T) {
	r := reconciler(t, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if o.GetName() == "orders-probe" {
				return errors.New("quota exceeded")
			}
			return c.Create(ctx, o, opts...)
		},
	}, orders())
	if _, err := r.Reconcile(context.Background(), request); err == nil || !strings.Contains(err.Error(), "quota exceeded") {
		t.Fatalf("got %v", err)
	}
	var c v1.WALCluster
	if err := r.Get(context.Background(), request.NamespacedName, &c); err != nil {
		t.Fatal(err)
	}
	if !conditions.IsTrue(c.Status.Conditions, v1.ConditionProgressing) || !strings.Contains(message(c.Status.Conditions, v1.ConditionProgressing), "quota exceeded") {
		t.Errorf("got %+v", c.Status.Conditions)
	}
}

// A budget that the API server refuses is said in a condition, and keeps nothing else from being done.
func TestWhatCannotBeMadeKeepsNothingElseFromBeingDone(t *testing.T) {
	r := reconciler(t, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			if u, ok := o.(interface{ GetKind() string }); ok && u.GetKind() == "PodDisruptionBudget" {
				return errors.New("denied by a webhook")
			}
			return c.Apply(ctx, o, opts...)
		},
	}, orders())
	if _, err := r.Reconcile(context.Background(), request); err == nil || !strings.Contains(err.Error(), "disruption budget orders: denied by a webhook") {
		t.Fatalf("got %v", err)
	}
	var probe corev1.Pod
	if err := r.Get(context.Background(), client.ObjectKey{Namespace: "shop", Name: "orders-probe"}, &probe); err != nil {
		t.Errorf("the image was not asked: %v", err)
	}
	var c v1.WALCluster
	if err := r.Get(context.Background(), request.NamespacedName, &c); err != nil {
		t.Fatal(err)
	}
	if got := message(c.Status.Conditions, v1.ConditionProgressing); !strings.Contains(got, "denied by a webhook") {
		t.Errorf("the condition says %q", got)
	}
}

// A gate that is closed only by what is on its way out is no bad news.
func TestAGateThatOnlyDrainsIsNoWarning(t *testing.T) {
	c := orders()
	c.Spec.Modules = append(c.Spec.Modules, v1.Module{Name: "ledger", Version: "1.0.0", State: v1.ModuleRetiring})
	c.Status.Gate = &v1.Gate{Refusals: []v1.Refusal{{Module: "ledger"}}}
	if !onlyDrains(c) {
		t.Error("the retiring module's records are taken for a blocked rollout")
	}
	c.Status.Gate.Refusals = append(c.Status.Gate.Refusals, v1.Refusal{Module: "kv"})
	if onlyDrains(c) {
		t.Error("another module's records are taken for a part of the retirement")
	}
}

// Another image behind the same reference is another revision: who holds what is asked for it, too.
func TestCensusIsAskedForAnotherDigest(t *testing.T) {
	r := &Reconciler{}
	s := plan.State{Spec: orders().Spec}
	s.Spec.Modules = nil
	s.Accepted = &v1.Revision{Reference: "node:1", Image: "node@sha256:1", Digest: "sha256:1"}
	s.Image = &v1.ImageStatus{Reference: "node:1", Image: "node@sha256:1", Digest: "sha256:1"}
	if r.needsCensus(&s) {
		t.Error("it is asked for what runs already")
	}
	s.Image.Image, s.Image.Digest = "node@sha256:2", "sha256:2"
	if !r.needsCensus(&s) {
		t.Error("it is not asked, so that the gate takes every instance for unknown")
	}
}

// A WALCluster made anew at once after its predecessor was deleted finds that one's objects, which the garbage
// collector has not come to yet. They are going: nothing of them is used.
func TestWhatAPredecessorLeftIsGoing(t *testing.T) {
	before := orders()
	before.UID = "before"
	before.Status.Accepted = &v1.Revision{Reference: "node:1", Image: "node:1"}
	claim, pod := desired.Claim(before, "orders-1"), desired.Pod(before, "orders-1", "r")
	r := reconciler(t, interceptor.Funcs{}, orders(), claim, pod)
	s, err := r.observe(context.Background(), orders())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Members) != 1 || !s.Members[0].Leaving || !s.Members[0].Pod.Deleting {
		t.Errorf("taken for the new cluster's: %+v", s.Members)
	}
	mine, err := r.observe(context.Background(), before)
	if err != nil || mine.Members[0].Leaving || mine.Members[0].Pod.Deleting {
		t.Errorf("its own is taken for another's: %+v, %v", mine.Members, err)
	}
	for sentence, secret := range map[string]client.Object{
		"authority":               desired.CA(before, []byte("cert"), []byte("key")),
		"secret for applications": desired.App(before, "secret", nil),
	} {
		r := reconciler(t, interceptor.Funcs{}, orders(), secret)
		if _, err := r.Reconcile(context.Background(), request); err == nil || !strings.Contains(err.Error(), sentence) || !strings.Contains(err.Error(), "is going") {
			t.Errorf("%s: got %v", sentence, err)
		}
	}
}

// What somebody made under a name that the cluster needs is neither changed nor taken: it would be deleted with the
// cluster.
func TestWhatSomebodyElseMadeIsNotTaken(t *testing.T) {
	c := orders()
	c.Status.Accepted = &v1.Revision{Reference: "node:1", Image: "node:1"}
	for kind, made := range map[string]client.Object{
		"PersistentVolumeClaim": desired.Claim(c, "orders-1"), "Pod": desired.Pod(c, "orders-1", "r"), "Secret": desired.TLS(c, "orders-1", nil, nil, nil),
		"Service": desired.Services(c)[0], "PodDisruptionBudget": desired.Budget(c), "Pod orders-probe": desired.Probe(c),
	} {
		for label, want := range map[string]bool{"": false, "another": false, "orders": true, "mine, without its label": true} {
			made := made.DeepCopyObject().(client.Object)
			if label != "mine, without its label" {
				made.SetOwnerReferences(nil)
			}
			made.SetLabels(map[string]string{v1.LabelCluster: label})
			if label != "another" && label != "orders" {
				made.SetLabels(nil)
			}
			if _, pod := made.(*corev1.Pod); pod && label != "orders" {
				want = false // one that is kept from the cluster is waited for in vain
			}
			r := reconciler(t, interceptor.Funcs{}, c.DeepCopy(), made)
			if err := r.learnAuthority(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			err := errors.Join(r.ensure(context.Background(), c), r.createInstance(context.Background(), c, "orders-1"), r.take(context.Background(), c, plan.Step{Do: plan.ProbeImage}))
			if got := err == nil; got != want || err != nil && !strings.Contains(err.Error(), kind) {
				t.Errorf("%s with label %q: %v", kind, label, err)
			}
			now := made.DeepCopyObject().(client.Object)
			if err := r.Get(context.Background(), client.ObjectKeyFromObject(made), now); err != nil || !want && len(now.GetOwnerReferences()) > len(made.GetOwnerReferences()) {
				t.Errorf("%s with label %q: %v, owned by %v", kind, label, err, now.GetOwnerReferences())
			}
		}
	}
}

// A copy that somebody made of an instance's volume or pod, with its labels, is no instance: it gets no pod, and
// is not what a smaller spec.instances deletes.
func TestACopyOfAnInstanceIsNone(t *testing.T) {
	c := orders()
	c.Status.Accepted = &v1.Revision{Reference: "node:1", Image: "node:1"}
	objects := []client.Object{c, desired.Claim(c, "orders-1"), desired.Pod(c, "orders-1", "r")}
	for _, name := range []string{"orders-copy", "orders-1-old", "orders-01", "orders-0", "orders--2", "other-2", "restored"} {
		claim := desired.Claim(c, name)
		claim.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("1Mi")
		objects = append(objects, claim, desired.Pod(c, name, "r"))
	}
	grown := map[string]bool{}
	r := reconciler(t, interceptor.Funcs{
		Apply: func(ctx context.Context, w client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			if u, ok := o.(interface {
				GetKind() string
				GetName() string
			}); ok && (u.GetKind() == "PersistentVolumeClaim" || u.GetKind() == "Secret") {
				grown[u.GetName()] = true
			}
			return w.Apply(ctx, o, opts...)
		},
	}, objects...)
	s, err := r.observe(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range s.Members {
		if m.Name != "orders-1" {
			t.Errorf("%s is taken for an instance", m.Name)
		}
	}
	if len(s.Members) != 1 {
		t.Errorf("%d instances", len(s.Members))
	}
	if err := r.learnAuthority(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if err := r.ensureVolumes(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if len(grown) != 1 || !grown["orders-1-tls"] {
		t.Errorf("made or changed: %v, want the certificate of orders-1", grown)
	}
}

func message(list []metav1.Condition, kind string) string {
	for _, c := range list {
		if c.Type == kind {
			return c.Message
		}
	}
	return ""
}

// A pass that changes nothing writes nothing.
func TestQuietPassWritesNothing(t *testing.T) {
	writes := 0
	r := reconciler(t, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			writes++
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	}, orders())
	r.pass(t) // makes the probe
	r.pass(t) // waits for it
	before := writes
	r.pass(t)
	r.pass(t)
	if writes != before {
		t.Errorf("%d more status patches", writes-before)
	}
}

func TestPinned(t *testing.T) {
	for _, c := range []struct{ reference, imageID, image, digest string }{
		{"registry.example/node:1", "registry.example/node@sha256:abc", "registry.example/node@sha256:abc", "sha256:abc"},
		{"registry.example:5000/node", "registry.example:5000/node@sha256:abc", "registry.example:5000/node@sha256:abc", "sha256:abc"},
		{"registry.example:5000/node:1", "docker-pullable://mirror/node@sha256:abc", "registry.example:5000/node@sha256:abc", "sha256:abc"},
		{"node@sha256:old", "node@sha256:abc", "node@sha256:abc", "sha256:abc"},
		{"node:loaded", "sha256:config", "node:loaded", "sha256:config"},
		{"node:loaded", "docker.io/library/import-2026-01-01@sha256:abc", "node:loaded", "sha256:abc"},
	} {
		if image, digest := pinned(c.reference, c.imageID); image != c.image || digest != c.digest {
			t.Errorf("%s ran as %s: got %s, %s", c.reference, c.imageID, image, digest)
		}
	}
}

// While an admission webhook hangs, whose machine was lost together with a primary, passes go on: the pod that
// it holds up, and the services, are waited for by nobody.
func TestAWebhookThatHangsHoldsUpNoPass(t *testing.T) {
	for sentence, hangs := range map[string]func(kind string) bool{
		"pods":     func(kind string) bool { return kind == "Pod" },
		"services": func(kind string) bool { return kind == "Service" },
	} {
		t.Run(sentence, func(t *testing.T) {
			answer, asked := make(chan struct{}), make(chan struct{}, 100)
			hold := func(kind string) {
				if hangs(kind) {
					asked <- struct{}{}
					<-answer
				}
			}
			r := reconciler(t, interceptor.Funcs{
				Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
					if _, ok := o.(*corev1.Pod); ok {
						hold("Pod")
					}
					return c.Create(ctx, o, opts...)
				},
				Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
					if u, ok := o.(interface{ GetKind() string }); ok {
						hold(u.GetKind())
					}
					return c.Apply(ctx, o, opts...)
				},
			}, orders())
			if err := r.learnAuthority(context.Background(), orders()); err != nil {
				t.Fatal(err)
			}
			r.chores.patience = time.Millisecond
			for range 3 {
				r.pass(t) // hangs if it waits
			}
			<-asked
			if len(asked) > 0 {
				t.Errorf("asked %d times more while it hangs", len(asked))
			}
			close(answer)
			r.chores.wg.Wait()
			r.pass(t)
			r.chores.wg.Wait()
			for _, o := range []client.Object{&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "orders-probe"}}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "orders-rw"}}} {
				if err := r.Get(context.Background(), client.ObjectKey{Namespace: "shop", Name: o.GetName()}, o); err != nil {
					t.Errorf("%T %s: %v", o, o.GetName(), err)
				}
			}
		})
	}
}

// Nor does a new cluster whose authority cannot be made; it is made once.
func TestAnAuthorityThatIsLongInComingHoldsUpNoPass(t *testing.T) {
	answer, asked := make(chan struct{}), make(chan struct{}, 100)
	r := reconciler(t, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if o.GetName() == "orders-ca" {
				asked <- struct{}{}
				<-answer
			}
			return c.Create(ctx, o, opts...)
		},
	}, orders())
	r.chores.patience = time.Millisecond
	for range 3 {
		if _, err := r.Reconcile(context.Background(), request); err == nil || !strings.Contains(err.Error(), "orders-ca") { // hangs if it waits
			t.Errorf("got %v while it is being made", err)
		}
	}
	<-asked
	if len(asked) > 0 {
		t.Errorf("asked %d times more while it hangs", len(asked))
	}
	close(answer)
	r.chores.wg.Wait()
	r.chores.patience = time.Minute
	r.pass(t)
	if _, known := r.credentials.authority(request.NamespacedName); !known {
		t.Error("it was made and is not known")
	}
}

// An authority that somebody has damaged is not taken: with the one before instances can still be asked.
func TestADamagedAuthorityIsNotTaken(t *testing.T) {
	r := reconciler(t, interceptor.Funcs{}, orders())
	now := time.Now()
	r.Now = func() time.Time { return now }
	r.pass(t)
	before, _ := r.credentials.authority(request.NamespacedName)
	ca := &corev1.Secret{}
	if err := r.Get(context.Background(), client.ObjectKey{Namespace: "shop", Name: "orders-ca"}, ca); err != nil {
		t.Fatal(err)
	}
	ca.Data["ca.crt"] = nil
	if err := r.Update(context.Background(), ca); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * ensureEvery)
	if _, err := r.Reconcile(context.Background(), request); err == nil || !strings.Contains(err.Error(), "orders-ca") {
		t.Errorf("got %v", err)
	}
	if after, _ := r.credentials.authority(request.NamespacedName); string(after.Cert) != string(before.Cert) {
		t.Error("what is in the secret now is used")
	}
	if _, err := r.observe(context.Background(), orders()); err != nil {
		t.Errorf("instances cannot be looked at: %v", err)
	}
}

// A step that fails again and again is said once: since when does not change, nor is anything written.
func TestAStepThatGoesOnFailingIsSaidOnce(t *testing.T) {
	writes := 0
	c := orders()
	c.Annotations = map[string]string{v1.AnnotationPaused: "true"} // nothing else to say
	r := reconciler(t, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			return errors.New("quota exceeded")
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			writes++
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	}, c)
	now := time.Now()
	r.Now = func() time.Time { return now }
	for range 5 {
		if _, err := r.Reconcile(context.Background(), request); err == nil {
			t.Fatal("nothing failed")
		}
		now = now.Add(5 * time.Second)
	}
	if writes != 1 {
		t.Errorf("the status was written %d times", writes)
	}
}

// Nothing is kept of a cluster that is gone.
func TestAClusterThatIsGoneIsForgotten(t *testing.T) {
	r := reconciler(t, interceptor.Funcs{}, orders())
	c := r.pass(t)
	key := request.NamespacedName
	r.hub.Listen(key, "orders-1", watch.Target{Address: "127.0.0.1:1"})
	r.commands.send(key, "orders-1", []plan.Step{{Do: plan.Fence, Target: "orders-1", Request: control.FenceRequest{Timeline: 2}}})
	r.commands.wg.Wait()
	r.censuses.kept[key] = map[string]*keptCensus{"orders-1": {}}
	if len(r.commands.refused) == 0 || len(r.commands.resting) == 0 {
		t.Fatal("nothing is kept before: the test proves nothing")
	}
	if err := r.Delete(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Reconcile(context.Background(), request); err != nil {
		t.Fatal(err)
	}
	if len(r.commands.refused) > 0 || len(r.commands.resting) > 0 || len(r.censuses.kept) > 0 || len(r.credentials.kept) > 0 || len(r.chores.jobs) > 0 {
		t.Errorf("kept: %v, %v, %v", r.commands.refused, r.commands.resting, r.censuses.kept)
	}
}

// A probe that was made with the wrong secrets is made anew when the spec is mended.
func TestAProbeIsMadeAnewWithTheMendedSpec(t *testing.T) {
	r := reconciler(t, interceptor.Funcs{}, orders())
	c := r.pass(t)
	c.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "registry"}}
	if err := r.Update(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	r.pass(t)
	r.pass(t)
	var probe corev1.Pod
	if err := r.Get(context.Background(), client.ObjectKey{Namespace: "shop", Name: "orders-probe"}, &probe); err != nil {
		t.Fatal(err)
	}
	if len(probe.Spec.ImagePullSecrets) != 1 {
		t.Error("it goes on with the secrets of the spec before")
	}
}

// What is deleted is what was seen, whoever has taken its name since: an operator that was stopped for a while
// would else take the volume of an instance that is wanted again.
func TestOnlyWhatWasSeenIsDeleted(t *testing.T) {
	meant := map[string]types.UID{}
	r := reconciler(t, interceptor.Funcs{
		Delete: func(_ context.Context, _ client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			var options client.DeleteOptions
			options.ApplyOptions(opts)
			if options.Preconditions != nil && options.Preconditions.UID != nil {
				meant[fmt.Sprintf("%T", o)] = *options.Preconditions.UID
			}
			return nil
		},
	}, orders())
	r.apply(context.Background(), nil, orders(), []plan.Step{{Do: plan.DeleteInstance, Target: "orders-2", UID: "pod 2", Claim: "volume 2"}})
	if meant["*v1.PersistentVolumeClaim"] != "volume 2" || meant["*v1.Pod"] != "pod 2" {
		t.Errorf("whatever has these names is deleted: %v", meant)
	}
}

// That another has taken the name meanwhile is no failure: who was meant is gone.
func TestWhoHasTakenANameIsLeftInPeace(t *testing.T) {
	r := reconciler(t, interceptor.Funcs{
		Delete: func(_ context.Context, _ client.WithWatch, o client.Object, _ ...client.DeleteOption) error {
			return apierrors.NewConflict(schema.GroupResource{Resource: "pods"}, o.GetName(), errors.New("the UID in the precondition is another"))
		},
	}, orders())
	for _, step := range []plan.Step{{Do: plan.DeletePod, Target: "orders-2", UID: "pod 2"}, {Do: plan.DeleteInstance, Target: "orders-2", UID: "pod 2", Claim: "volume 2"}} {
		if d := r.apply(context.Background(), nil, orders(), []plan.Step{step}); d.failed != nil {
			t.Errorf("%s: %v", step.Do, d.failed)
		}
	}
}

// A request that was made while an earlier one was taken up is not removed with it.
func TestARequestMadeMeanwhileIsKept(t *testing.T) {
	before := orders()
	before.Annotations = map[string]string{v1.AnnotationSwitchover: "orders-2"}
	r := reconciler(t, interceptor.Funcs{}, before)
	var seen, now v1.WALCluster
	for _, c := range []*v1.WALCluster{&seen, &now} {
		if err := r.Get(context.Background(), request.NamespacedName, c); err != nil {
			t.Fatal(err)
		}
	}
	now.Annotations[v1.AnnotationSwitchover] = "orders-3"
	if err := r.Update(context.Background(), &now); err != nil {
		t.Fatal(err)
	}
	if d := r.apply(context.Background(), nil, &seen, []plan.Step{{Do: plan.ClearRequest}}); !apierrors.IsConflict(d.failed) {
		t.Errorf("got %v, want a conflict", d.failed)
	}
	if err := r.Get(context.Background(), request.NamespacedName, &now); err != nil || now.Annotations[v1.AnnotationSwitchover] != "orders-3" {
		t.Errorf("%v, %v", now.Annotations, err)
	}
}

// That the pod which was heard has been replaced is known by its UID, and only once it was heard.
func TestAnotherPodThanTheOneThatWasHeard(t *testing.T) {
	seen, key := newTold(), request.NamespacedName
	for i, c := range []struct {
		pod         string
		heard, want bool
	}{
		{"first", false, false}, {"second", false, false}, // by an operator that has just been started
		{"second", true, false}, {"second", false, false}, {"third", false, true}, {"third", true, false}, {"third", false, false},
	} {
		if got := seen.another(key, "orders-1", c.pod, c.heard); got != c.want {
			t.Errorf("%d: %+v: got %t", i, c, got)
		}
	}
	seen.forget(key)
	if seen.another(key, "orders-1", "fourth", false) || len(seen.heard) > 1 {
		t.Error("what was forgotten is known")
	}
}

// How long a primary writes while it hears nobody is what its pod was started with.
func TestIsolationIsReadFromThePod(t *testing.T) {
	c := orders()
	c.Status.Accepted = &v1.Revision{Reference: "node:1", Image: "node:1"}
	if got := podOf(desired.Pod(c, "orders-1", "r")).Isolation; got == nil || *got != 10*time.Second {
		t.Errorf("got %v, want 10s", got)
	}
	c.Spec.Instances = 1
	if got := podOf(desired.Pod(c, "orders-1", "r")).Isolation; got == nil || *got != 0 {
		t.Errorf("got %v of the only instance, want 0: never", got)
	}
}

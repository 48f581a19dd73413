package envtest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
)

// manifest of an image with kv in some version, and more.
func manifest(kvVersion string, format uint16, more ...control.Module) control.Manifest {
	kv := control.Module{Name: "kv", Version: kvVersion, Managers: []control.Manager{{ID: 251, Name: "kv",
		Writes: control.FormatRange{Min: 1, Max: format}, Replays: control.FormatRange{Min: 1, Max: format}}}}
	return control.Manifest{APIVersion: control.ManifestVersion, Modules: append([]control.Module{kv}, more...)}
}

func ledger() control.Module {
	return control.Module{Name: "ledger", Version: "1.0.3", Managers: []control.Manager{{ID: 252, Name: "ledger",
		Writes: control.FormatRange{Min: 1, Max: 1}, Replays: control.FormatRange{Min: 1, Max: 1}}}}
}

// startOperator runs the controllers until the test ends, with the rights that the chart gives them, in all
// namespaces or in some.
func startOperator(t *testing.T, namespaces ...string) {
	t.Helper()
	level := slog.LevelWarn
	if os.Getenv("REDOUBT_LOG") != "" {
		level = slog.LevelInfo
	}
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	yes := true
	caches, err := controllers.Cache(namespaces...)
	if err != nil {
		t.Fatal(err)
	}
	allowed, home := asInstalled(t, namespaces)
	mgr, err := ctrl.NewManager(allowed, ctrl.Options{
		LeaderElection: true, LeaderElectionID: "redoubt-operator", LeaderElectionNamespace: home, LeaderElectionReleaseOnCancel: true,
		Scheme: kube.Scheme(), Cache: caches, Metrics: server.Options{BindAddress: "0"}, Controller: ctrlconfig.Controller{SkipNameValidation: &yes},
		Client: client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := controllers.Setup(mgr, controllers.Options{}); err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("operator: %v", err)
		}
	})
}

// A scene is a namespace with a cluster, the operator and a kubelet.
type scene struct {
	*testing.T
	*kubelet
	key types.NamespacedName
}

func newScene(t *testing.T, name string, spec string, images map[string]control.Manifest) *scene {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-"}}
	if err := kube.Create(ctx, ns); err != nil {
		t.Fatal(err)
	}
	s := &scene{T: t, kubelet: startKubelet(t, ns.Name, images), key: types.NamespacedName{Namespace: ns.Name, Name: name}}
	c := object(t, "apiVersion: redoubt.dev/v1\nkind: WALCluster\nmetadata: {name: "+name+"}\nspec: "+spec)
	c.SetNamespace(ns.Name)
	if err := kube.Create(ctx, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			s.logs()
		}
		_ = kube.Delete(ctx, c)
		_ = kube.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(ns.Name), client.GracePeriodSeconds(0))
	})
	return s
}

func (s *scene) cluster() *v1.WALCluster {
	s.Helper()
	var c v1.WALCluster
	if err := kube.Get(ctx, s.key, &c); err != nil {
		s.Fatal(err)
	}
	return &c
}

// eventually waits for something to be true of the cluster.
func (s *scene) eventually(what string, within time.Duration, is func(*v1.WALCluster) bool) *v1.WALCluster {
	s.Helper()
	var c *v1.WALCluster
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c = s.cluster(); is(c) {
			return c
		}
	}
	var text strings.Builder
	for _, cond := range c.Status.Conditions {
		fmt.Fprintf(&text, "\n  %s=%s %s: %s", cond.Type, cond.Status, cond.Reason, cond.Message)
	}
	for _, m := range c.Status.Members {
		fmt.Fprintf(&text, "\n  %+v", m)
	}
	s.Fatalf("not within %s: %s%s", within, what, text.String())
	return nil
}

// edit changes the spec as a person would.
func (s *scene) edit(change func(*v1.WALCluster)) {
	s.Helper()
	for {
		c := s.cluster()
		change(c)
		err := kube.Update(ctx, c)
		if err == nil {
			return
		}
		if !apierrors.IsConflict(err) {
			s.Fatal(err)
		}
	}
}

func ready(c *v1.WALCluster) bool {
	return conditions.IsTrue(c.Status.Conditions, v1.ConditionReady) && c.Status.ObservedGeneration == c.Generation
}

func (s *scene) deleteByForce(pod string) {
	s.Helper()
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: pod}}
	if err := kube.Delete(ctx, p, client.GracePeriodSeconds(0)); err != nil {
		s.Fatal(err)
	}
}

const three = `{instances: 3, image: "node:1", storage: {size: 1Gi}, synchronous: {},
  modules: [{name: kv, version: 1.2.0}, {name: ledger, version: 1.0.3}]}`

// The life of a cluster, against a real API server.
func TestLife(t *testing.T) {
	if os.Getenv("REDOUBT_NODE") != "" {
		t.Skip("TestRealNodes is that for real nodes")
	}
	startOperator(t)
	s := newScene(t, "orders", strings.Replace(three, "synchronous: {}", "synchronous: {}, failover: {detectionTimeout: 10m}", 1), map[string]control.Manifest{
		"node:1": manifest("1.2.0", 1, ledger()), "node:2": manifest("1.3.0", 2, ledger()), "node:3": manifest("1.3.0", 2),
	})
	c := s.eventually("three instances ready", 30*time.Second, ready)
	if c.Status.CurrentPrimary != "orders-1" || c.Status.Timeline.ID != 1 || !strings.Contains(c.Status.Accepted.Image, "@sha256:") {
		t.Fatalf("got %+v", c.Status)
	}
	s.serves("orders-1")

	t.Log("the pod of the primary is deleted by force")
	begin := time.Now()
	s.deleteByForce("orders-1")
	s.eventually("another primary, long before the detection timeout", time.Minute, func(c *v1.WALCluster) bool {
		return c.Status.Timeline.ID == 2 && c.Status.CurrentPrimary != "" && c.Status.CurrentPrimary != "orders-1"
	})
	t.Logf("the failover took %s", time.Since(begin))
	c = s.eventually("all ready again", 30*time.Second, ready)
	s.serves(c.Status.CurrentPrimary)

	t.Log("a new image is rolled out, and its format raised")
	s.edit(func(c *v1.WALCluster) { c.Spec.Image, c.Spec.Modules[0].Version = "node:2", "1.3.0" })
	s.eventually("rolled out", 60*time.Second, func(c *v1.WALCluster) bool {
		return ready(c) && conditions.IsTrue(c.Status.Conditions, v1.ConditionModulesInParity) && c.Status.Accepted.Reference == "node:2" &&
			!conditions.IsTrue(c.Status.Conditions, v1.ConditionProgressing) && c.Status.Records[0].Formats.Max == 2
	})

	t.Log("the old image is refused")
	s.edit(func(c *v1.WALCluster) { c.Spec.Image, c.Spec.Modules[0].Version = "node:1", "1.2.0" })
	c = s.eventually("blocked", 20*time.Second, func(c *v1.WALCluster) bool { return conditions.IsTrue(c.Status.Conditions, v1.ConditionRolloutBlocked) })
	if c.Status.Gate.Blocked != v1.ReasonRecordsRemain || c.Status.Accepted.Reference != "node:2" {
		t.Errorf("got %+v", c.Status.Gate)
	}
	s.edit(func(c *v1.WALCluster) { c.Spec.Image, c.Spec.Modules[0].Version = "node:2", "1.3.0" })

	t.Log("five instances, then two")
	s.edit(func(c *v1.WALCluster) { c.Spec.Instances = 5 })
	s.eventually("five", 30*time.Second, func(c *v1.WALCluster) bool { return ready(c) && c.Status.ReadyInstances == 5 })
	s.edit(func(c *v1.WALCluster) { c.Spec.Instances = 2 })
	s.eventually("two", 30*time.Second, func(c *v1.WALCluster) bool { return ready(c) && c.Status.Instances == 2 })

	t.Log("ledger retires; a logical slot needs its records, and is named")
	c = s.cluster()
	s.world.Slot(c.Status.CurrentPrimary, "audit")
	s.edit(func(c *v1.WALCluster) { c.Spec.Image, c.Spec.Modules[1].State = "node:3", v1.ModuleRetiring })
	refused := func(c *v1.WALCluster) (holders []string) {
		if c.Status.Gate == nil {
			return nil
		}
		for _, r := range c.Status.Gate.Refusals {
			if r.Reason == v1.ReasonRecordsRemain && r.Module == "ledger" && r.Count > 0 && r.First != "" && r.Last != "" {
				holders = append(holders, r.Instance+" "+r.Holder)
			}
		}
		return holders
	}
	primary := c.Status.CurrentPrimary
	c = s.eventually("blocked by the slot alone", 20*time.Second, func(c *v1.WALCluster) bool {
		return slices.Equal(refused(c), []string{primary + " pg_wal", primary + " slot audit"})
	})
	if blocked := meta.FindStatusCondition(c.Status.Conditions, v1.ConditionRolloutBlocked); blocked == nil || blocked.Status != "True" || !strings.Contains(blocked.Message, "slot audit of "+primary) {
		t.Errorf("the condition is %+v", blocked)
	}
	s.world.Slot(primary, "")
	s.eventually("rolled out without ledger", 60*time.Second, func(c *v1.WALCluster) bool {
		return ready(c) && c.Status.Accepted.Reference == "node:3" && !conditions.IsTrue(c.Status.Conditions, v1.ConditionRolloutBlocked) && !conditions.IsTrue(c.Status.Conditions, v1.ConditionProgressing)
	})

	t.Log("a switchover")
	c = s.cluster()
	s.edit(func(c *v1.WALCluster) { c.Annotations = map[string]string{v1.AnnotationSwitchover: "any"} })
	s.eventually("another primary", 20*time.Second, func(now *v1.WALCluster) bool {
		return ready(now) && now.Status.CurrentPrimary != c.Status.CurrentPrimary && now.Annotations[v1.AnnotationSwitchover] == ""
	})
}

// serves: only the primary's pod has the label that the read-write service selects.
func (s *scene) serves(primary string) {
	s.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var pods corev1.PodList
		if err := kube.List(ctx, &pods, client.InNamespace(s.key.Namespace), client.MatchingLabels{v1.LabelRole: v1.RolePrimary}); err != nil {
			s.Fatal(err)
		}
		if len(pods.Items) == 1 && pods.Items[0].Name == primary {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("%d pods are labelled as the primary, want only %s", len(pods.Items), primary)
		}
	}
}

// A primary that hangs is replaced after the detection timeout; when it wakes up it is deposed.
func TestPrimaryHangs(t *testing.T) {
	if os.Getenv("REDOUBT_NODE") != "" {
		t.Skip("real processes are not frozen here")
	}
	startOperator(t)
	s := newScene(t, "hang", three, map[string]control.Manifest{"node:1": manifest("1.2.0", 1, ledger())})
	s.eventually("ready", 30*time.Second, ready)
	begin := s.world.Freeze("hang-1", true)
	s.eventually("another primary", 15*time.Second, func(c *v1.WALCluster) bool { return c.Status.Timeline.ID == 2 && c.Status.CurrentPrimary != "" })
	if took := time.Since(begin); took < 3*time.Second {
		t.Errorf("it was given up after %s, before its detection timeout", took)
	}
	s.world.Freeze("hang-1", false)
	s.eventually("all ready again", 20*time.Second, ready)
}

// A pod that the API server refuses, for a quota or for an admission webhook that is down with the machine
// that was lost, does not keep a lost primary from being replaced.
func TestPrimaryLostWhilePodsAreRefused(t *testing.T) {
	if os.Getenv("REDOUBT_NODE") != "" {
		t.Skip("TestRealNodes is that for real nodes")
	}
	startOperator(t)
	s := newScene(t, "full", three, map[string]control.Manifest{"node:1": manifest("1.2.0", 1, ledger())})
	s.eventually("ready", 30*time.Second, ready)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "none"},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}}}
	if err := kube.Create(ctx, quota); err != nil {
		t.Fatal(err)
	}
	quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}}
	if err := kube.Status().Update(ctx, quota); err != nil { // the quota controller's work
		t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "any"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "any", Image: "any"}}}}
	s.eventually("pods are refused", 30*time.Second, func(*v1.WALCluster) bool {
		return apierrors.IsForbidden(kube.Create(ctx, pod.DeepCopy(), client.DryRunAll))
	})
	s.deleteByForce("full-1")
	s.eventually("another primary", 30*time.Second, func(c *v1.WALCluster) bool {
		return c.Status.Timeline.ID == 2 && c.Status.CurrentPrimary != "" && c.Status.CurrentPrimary != "full-1"
	})
	s.eventually("who refuses is said", 30*time.Second, func(c *v1.WALCluster) bool {
		said := meta.FindStatusCondition(c.Status.Conditions, v1.ConditionProgressing)
		return said.Reason == v1.ReasonStepFailed && strings.Contains(said.Message, "quota")
	})
	if err := kube.Delete(ctx, quota); err != nil {
		t.Fatal(err)
	}
	s.eventually("all ready again", 60*time.Second, ready)
}

// What is wrong with an image is said, and running pods are not touched.
func TestBadImage(t *testing.T) {
	startOperator(t)
	s := newScene(t, "bad", strings.Replace(three, "instances: 3", "instances: 2", 1), map[string]control.Manifest{
		"node:1": manifest("1.2.0", 1, ledger()), "node:garbage": {APIVersion: "nonsense"}, "node:twice": manifest("1.2.0", 1, ledger(), ledger()),
		"node:long": manifest("1.2.0-"+strings.Repeat("x", 128), 1, ledger()),
	})
	s.eventually("ready", 30*time.Second, ready)
	for image, reason := range map[string]string{"node:none": v1.ReasonProbeFailed, "node:garbage": v1.ReasonProbeGarbage,
		"node:twice": v1.ReasonProbeGarbage, "node:long": v1.ReasonProbeGarbage} {
		s.edit(func(c *v1.WALCluster) { c.Spec.Image = image })
		s.eventually(reason, 10*time.Second, func(c *v1.WALCluster) bool {
			for _, cond := range c.Status.Conditions {
				if cond.Type == v1.ConditionImageAccepted && cond.Status == metav1.ConditionFalse && cond.Reason == reason {
					return ready(c) && c.Status.Accepted.Reference == "node:1"
				}
			}
			return false
		})
	}
}

// Of two operators that claim a timeline at once one wins, and the other sees it.
func TestClaimIsWonByOne(t *testing.T) {
	c := object(t, strings.Replace(goodCluster, "name: orders", "name: claimed", 1))
	if err := kube.Create(ctx, c); err != nil {
		t.Fatal(err)
	}
	var a, b v1.WALCluster
	for _, x := range []*v1.WALCluster{&a, &b} {
		if err := kube.Get(ctx, client.ObjectKeyFromObject(c), x); err != nil {
			t.Fatal(err)
		}
	}
	a.Status.Timeline = &v1.TimelineClaim{ID: 2, Primary: "claimed-1", Reason: "A", ClaimedAt: metav1.NowMicro()}
	b.Status.Timeline = &v1.TimelineClaim{ID: 2, Primary: "claimed-2", Reason: "B", ClaimedAt: metav1.NowMicro()}
	if err := kube.Status().Update(ctx, &a); err != nil {
		t.Fatal(err)
	}
	if err := kube.Status().Update(ctx, &b); !apierrors.IsConflict(err) {
		t.Errorf("the second claim of timeline 2: %v, want a conflict", err)
	}
}

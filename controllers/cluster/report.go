package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/desired"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
)

// report says what was seen, what was done and what failed: one patch of the status, and events.
func (r *Reconciler) report(ctx context.Context, c *v1.WALCluster, seen plan.State, d deeds, failed error) error {
	key := client.ObjectKeyFromObject(c)
	view := plan.Describe(seen, d.doing)
	before := c.DeepCopy()
	now := metav1.NewTime(seen.Now)
	c.Status.ObservedGeneration = c.Generation
	c.Status.Instances, c.Status.ReadyInstances = int32(len(seen.Members)), view.Ready
	c.Status.Selector = labels.SelectorFromSet(desired.Selector(c.Name)).String()
	c.Status.CurrentPrimary = view.Primary
	c.Status.Gate, c.Status.Waiting = view.Gate, view.Waiting
	c.Status.Members = r.told.members(key, before.Status.Members, view.Members, seen.Now)
	if failed != nil && !apierrors.IsConflict(failed) {
		view.Conditions = slices.DeleteFunc(view.Conditions, func(cond metav1.Condition) bool { return cond.Type == v1.ConditionProgressing })
		view.Conditions = append(view.Conditions, metav1.Condition{
			Type: v1.ConditionProgressing, Status: metav1.ConditionTrue, Reason: v1.ReasonStepFailed, Message: failed.Error(),
		})
	}
	changed := conditions.Set(&c.Status.Conditions, now, c.Generation, view.Conditions...)
	r.eventsOfSteps(c, d.begun)
	r.eventsOfConditions(c, changed)
	r.eventsOfRefusals(c, seen.Now)
	if same(before.Status, c.Status) {
		return nil
	}
	if err := r.Status().Patch(ctx, c, client.MergeFrom(before), client.FieldOwner(v1.OperatorName)); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("report status: %w", err))
	}
	return nil
}

// quiet steps are many and say nothing that a person has not been told.
func quiet(step plan.Step) bool {
	switch step.Do {
	case plan.Wait, plan.Label, plan.DeleteProbe, plan.Init, plan.SetSynchronous, plan.SwitchWAL, plan.Checkpoint:
		return true
	case plan.Fence:
		return step.Reason != v1.ReasonPrimaryOfOlderTimeline
	case plan.Record:
		switch step.Reason {
		case v1.ReasonSynchronousInForce, v1.ReasonSynchronousSuperseded, v1.ReasonIdentified, v1.ReasonPushRecordsOut:
			return true
		}
	}
	return false
}

func (r *Reconciler) eventsOfSteps(c *v1.WALCluster, steps []plan.Step) {
	key := client.ObjectKeyFromObject(c)
	for _, step := range steps {
		if quiet(step) {
			continue
		}
		message := step.Message
		if message == "" {
			message = strings.TrimSpace(string(step.Do) + " " + step.Target)
		}
		if step.Request != nil && !r.told.once(key, string(step.Do)+step.Target+message, r.Now()) {
			continue // a command that is repeated until it is carried out
		}
		r.event(c, warns(step.Reason), step.Reason, string(step.Do), message)
	}
}

// warns reports whether a reason is bad news.
func warns(reason string) bool {
	switch reason {
	case v1.ReasonPrimaryPodGone, v1.ReasonPrimaryProcessDead, v1.ReasonPrimaryUnreachable, v1.ReasonPrimaryDiskStalled, v1.ReasonPrimaryEmpty,
		v1.ReasonPrimarySuspect, v1.ReasonPrimaryLostLog, v1.ReasonDivergedFromPrimary, v1.ReasonPodFinished, v1.ReasonRecordsLost, v1.ReasonForeignData, v1.ReasonPrimaryOfOlderTimeline,
		v1.ReasonSwitchoverAborted, v1.ReasonSwitchoverRefused, v1.ReasonGateOverridden, v1.ReasonNeverReady:
		return true
	}
	return false
}

// eventsOfConditions tells of conditions that turned bad, or good again.
func (r *Reconciler) eventsOfConditions(c *v1.WALCluster, changed []metav1.Condition) {
	for _, cond := range changed {
		bad := false
		switch cond.Type {
		case v1.ConditionRolloutBlocked:
			if cond.Status == metav1.ConditionUnknown {
				continue
			}
			bad = cond.Status == metav1.ConditionTrue && !onlyDrains(c)
		case v1.ConditionStalled:
			bad = cond.Status == metav1.ConditionTrue
			if !bad {
				continue
			}
		case v1.ConditionImageAccepted, v1.ConditionQuorumAvailable:
			bad = cond.Status == metav1.ConditionFalse
			if cond.Status == metav1.ConditionUnknown {
				continue
			}
		case v1.ConditionReady:
			bad = cond.Status == metav1.ConditionFalse && cond.Reason == v1.ReasonNoPrimary
		default:
			continue
		}
		r.event(c, bad, cond.Reason, cond.Type, cond.Message)
	}
}

// onlyDrains reports whether every refusal is about a module that is retiring: then the closed gate is
// a step of what was asked for, and no bad news.
func onlyDrains(c *v1.WALCluster) bool {
	if c.Status.Gate == nil {
		return false
	}
	return !slices.ContainsFunc(c.Status.Gate.Refusals, func(refusal v1.Refusal) bool {
		return !slices.ContainsFunc(c.Spec.Modules, func(m v1.Module) bool {
			return m.Name == refusal.Module && m.State == v1.ModuleRetiring
		})
	})
}

func (r *Reconciler) eventsOfRefusals(c *v1.WALCluster, now time.Time) {
	key := client.ObjectKeyFromObject(c)
	for _, refused := range r.commands.takeRefused(key) {
		message := fmt.Sprintf("%s did not carry out %s: %v", refused.instance, refused.command, refused.err)
		if r.told.once(key, message, now) {
			r.event(c, true, v1.ReasonCommandRefused, "Command", message)
		}
	}
}

func (r *Reconciler) event(c *v1.WALCluster, warning bool, reason, action, message string) {
	if r.Recorder == nil {
		return
	}
	kind := corev1.EventTypeNormal
	if warning {
		kind = corev1.EventTypeWarning
	}
	if text := []rune(message); len(text) > 1000 { // an event's note has 1 kB
		message = string(text[:1000]) + "…"
	}
	for len(message) > 1020 {
		message = message[:len(message)-8] + "…"
	}
	r.Recorder.Eventf(c, nil, kind, reason, action, "%s", message)
}

// told remembers what was said lately, so that a pass every few milliseconds does not say it again.
type told struct {
	mu     sync.Mutex
	said   map[types.NamespacedName]map[string]time.Time
	seen   map[types.NamespacedName]map[string]time.Time
	tables map[types.NamespacedName]time.Time
	heard  map[types.NamespacedName]map[string]string // by instance: the UID of the pod that was heard last
}

func newTold() *told {
	return &told{said: map[types.NamespacedName]map[string]time.Time{}, seen: map[types.NamespacedName]map[string]time.Time{}, tables: map[types.NamespacedName]time.Time{}, heard: map[types.NamespacedName]map[string]string{}}
}

// once reports whether something was not said in the last minute.
func (t *told) once(cluster types.NamespacedName, what string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.said[cluster] == nil {
		t.said[cluster] = map[string]time.Time{}
	}
	for old, at := range t.said[cluster] {
		if now.Sub(at) > time.Minute {
			delete(t.said[cluster], old)
		}
	}
	_, before := t.said[cluster][what]
	if !before {
		t.said[cluster][what] = now
	}
	return !before
}

// since is when an instance that was never heard was first looked for.
func (t *told) since(cluster types.NamespacedName, instance string, now time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen[cluster] == nil {
		t.seen[cluster] = map[string]time.Time{}
	}
	if t.seen[cluster][instance].IsZero() {
		t.seen[cluster][instance] = now
	}
	return t.seen[cluster][instance]
}

// another reports whether an instance's pod is another than the one that was heard last. No clock says so: that of
// the API server, which a pod's age is by, may be another than the operator's.
func (t *told) another(cluster types.NamespacedName, instance, pod string, heard bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.heard[cluster] == nil {
		t.heard[cluster] = map[string]string{}
	}
	if heard {
		t.heard[cluster][instance] = pod
	}
	last := t.heard[cluster][instance]
	return last != "" && last != pod
}

// tableEvery is how often positions in the table of instances are written when nothing else changed:
// they change with every commit.
const tableEvery = 10 * time.Second

// members is the table to write: the old positions, unless something else changed or they are old.
func (t *told) members(cluster types.NamespacedName, before, now []v1.Member, at time.Time) []v1.Member {
	t.mu.Lock()
	defer t.mu.Unlock()
	still := func(in []v1.Member) []v1.Member {
		out := make([]v1.Member, len(in))
		for i, m := range in {
			m.FlushLSN, m.Message = "", ""
			out[i] = m
		}
		return out
	}
	if same(still(before), still(now)) && at.Sub(t.tables[cluster]) < tableEvery {
		return before
	}
	t.tables[cluster] = at
	return now
}

func (t *told) forget(cluster types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.said, cluster)
	delete(t.seen, cluster)
	delete(t.tables, cluster)
	delete(t.heard, cluster)
}

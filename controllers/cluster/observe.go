package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/desired"
	"github.com/redoubt-wal/redoubt/controllers/cluster/pki"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/cluster/watch"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
)

// observe gathers everything a decision may depend on, with one reading of the clock. An instance
// that cannot be asked is a fact and no error.
func (r *Reconciler) observe(ctx context.Context, c *v1.WALCluster) (plan.State, error) {
	key := client.ObjectKeyFromObject(c)
	s := plan.State{
		Name: c.Name, Spec: *c.Spec.DeepCopy(), Annotations: c.Annotations,
		Decisions: *c.Status.Decisions.DeepCopy(), Waiting: c.Status.Waiting, Revision: desired.Revision(c),
		ProbeRevision: desired.Probe(c).Annotations[v1.AnnotationRevision],
	}
	pods, claims, err := r.instances(ctx, c)
	if err != nil {
		return s, err
	}
	if s.Reserved, err = r.reservations(ctx); err != nil {
		return s, err
	}
	names, addresses := map[string]*plan.Member{}, map[string]string{}
	member := func(name string) *plan.Member {
		if names[name] == nil {
			names[name] = &plan.Member{Name: name}
		}
		return names[name]
	}
	for i := range claims {
		m := member(claims[i].Name)
		m.Claim = string(claims[i].UID)
		m.Volume, m.Leaving = true, !claims[i].DeletionTimestamp.IsZero() || anothers(&claims[i], c)
	}
	for i := range pods {
		p := &pods[i]
		if p.Labels[v1.LabelComponent] == v1.ComponentProbe {
			s.Probe = probeOf(p)
			continue
		}
		member(p.Name).Pod = podOf(p)
		member(p.Name).Pod.Deleting = member(p.Name).Pod.Deleting || anothers(p, c)
		if p.Status.PodIP != "" {
			if addresses[p.Name], err = r.listen(key, p); err != nil {
				return s, err
			}
		}
	}
	var all []string
	for name := range names {
		all = append(all, name)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	r.hub.Forget(key, all...)
	for _, name := range all {
		m := names[name]
		if heard, _, ok := r.hub.Heard(key, name); ok {
			m.Reached, m.Refused, m.Detail, m.Status, m.LastHeard = heard.Reached, heard.Refused, heard.Detail, heard.Status, heard.At
			m.Former = m.Reached && heard.Address != addresses[name]
			if m.Status != nil && m.Status.Instance != name {
				m.Reached, m.Detail = false, "another instance answers at its address: "+m.Status.Instance
			}
		} else {
			m.Detail = "it has no address yet"
		}
		s.Members = append(s.Members, *m)
	}
	if r.needsCensus(&s) {
		r.census(ctx, key, s.Members)
	}
	s.Now = r.Now()
	for i := range s.Members {
		if s.Members[i].LastHeard.IsZero() {
			s.Members[i].LastHeard = r.told.since(key, s.Members[i].Name, s.Now)
		}
	}
	return s, nil
}

// anothers reports whether an object belongs to a WALCluster that had this one's name before. The garbage
// collector removes it, at once or a while later.
func anothers(o metav1.Object, c *v1.WALCluster) bool {
	owner := metav1.GetControllerOf(o)
	return owner != nil && owner.UID != c.UID
}

// instances are a cluster's pods and claims.
func (r *Reconciler) instances(ctx context.Context, c *v1.WALCluster) ([]corev1.Pod, []corev1.PersistentVolumeClaim, error) {
	var pods corev1.PodList
	var claims corev1.PersistentVolumeClaimList
	of := []client.ListOption{client.InNamespace(c.Namespace), client.MatchingLabels{v1.LabelCluster: c.Name}}
	if err := r.List(ctx, &pods, of...); err != nil {
		return nil, nil, fmt.Errorf("list pods: %w", err)
	}
	if err := r.List(ctx, &claims, of...); err != nil {
		return nil, nil, fmt.Errorf("list volume claims: %w", err)
	}
	return pods.Items, claims.Items, nil
}

func (r *Reconciler) reservations(ctx context.Context) ([]plan.Reservation, error) {
	var list v1.ResourceManagerList
	if err := r.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list resource managers: %w", err)
	}
	var out []plan.Reservation
	for _, rm := range list.Items {
		if conditions.IsFalse(rm.Status.Conditions, v1.ConditionReserved) {
			continue // its name was reserved by an older one
		}
		out = append(out, plan.Reservation{ID: rm.Spec.ID, Name: rm.Spec.Name})
	}
	return out, nil
}

// listen keeps a stream to a pod's address.
func (r *Reconciler) listen(key types.NamespacedName, p *corev1.Pod) (address string, err error) {
	address = net.JoinHostPort(p.Status.PodIP, strconv.Itoa(desired.PortControl))
	if r.Dial != nil {
		address = r.Dial(p)
	}
	authority, leaf := r.credentials.of(key)
	config, err := pki.ClientTLS(leaf, authority, p.Name)
	if err != nil {
		return "", fmt.Errorf("credentials for %s: %w", p.Name, err)
	}
	r.hub.Listen(key, p.Name, watch.Target{Address: address, TLS: config})
	return address, nil
}

func podOf(p *corev1.Pod) *plan.Pod {
	out := &plan.Pod{
		UID: string(p.UID), IP: p.Status.PodIP, Node: p.Spec.NodeName, Revision: p.Annotations[v1.AnnotationRevision], Role: p.Labels[v1.LabelRole],
		Deleting: !p.DeletionTimestamp.IsZero(), Created: p.CreationTimestamp.Time, Problem: problem(p),
		Finished: p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded,
	}
	for _, c := range p.Spec.Containers {
		for _, arg := range c.Args {
			if text, ok := strings.CutPrefix(arg, desired.SettingIsolation+"="); ok {
				if isolation, err := time.ParseDuration(text); err == nil {
					out.Isolation = &isolation
				}
			}
		}
	}
	for _, c := range p.Status.Conditions {
		out.Ready = out.Ready || c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	}
	return out
}

// problem says in the kubelet's and the scheduler's words why a pod does not run.
func problem(p *corev1.Pod) string {
	for _, c := range p.Status.ContainerStatuses {
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "ContainerCreating" && c.State.Waiting.Reason != "PodInitializing":
			text := c.State.Waiting.Reason + ": " + c.State.Waiting.Message
			if t := c.LastTerminationState.Terminated; t != nil {
				text += "; it ended with code " + strconv.Itoa(int(t.ExitCode)) + ": " + strings.TrimSpace(t.Message)
			}
			return text
		case c.State.Terminated != nil:
			return fmt.Sprintf("ended with code %d: %s %s", c.State.Terminated.ExitCode, c.State.Terminated.Reason, strings.TrimSpace(c.State.Terminated.Message))
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason + ": " + c.Message
		}
	}
	if p.Status.Phase == corev1.PodFailed {
		return p.Status.Reason + ": " + p.Status.Message
	}
	return ""
}

// probeOf reads what the probe pod's image answered.
func probeOf(p *corev1.Pod) *plan.Probe {
	out := &plan.Probe{Reference: p.Annotations[v1.AnnotationImage], Revision: p.Annotations[v1.AnnotationRevision], Problem: problem(p)}
	if len(p.Status.ContainerStatuses) == 1 {
		c := p.Status.ContainerStatuses[0]
		if t := c.State.Terminated; t != nil {
			image, digest := pinned(out.Reference, c.ImageID)
			answer := plan.ReadAnswer(out.Reference, image, digest, t.ExitCode, t.Message)
			if t.ExitCode != 0 && t.Message == "" {
				answer.Error += " (" + t.Reason + ")"
			}
			out.Answer = &answer
			return out
		}
	}
	if p.Status.Phase == corev1.PodFailed {
		answer := plan.ReadAnswer(out.Reference, "", "", 1, p.Status.Reason+": "+p.Status.Message)
		out.Answer = &answer
	}
	return out
}

// pinned is the reference by the digest that ran. A runtime that has no digest from a registry (an
// image that was loaded into it) leaves the reference as it is.
func pinned(reference, imageID string) (image, digest string) {
	imageID = strings.TrimPrefix(imageID, "docker-pullable://")
	_, digest, ok := strings.Cut(imageID, "@")
	if !ok {
		return reference, imageID
	}
	name, _, _ := strings.Cut(reference, "@")
	if slash, colon := strings.LastIndexByte(name, '/'), strings.LastIndexByte(name, ':'); colon > slash {
		name = name[:colon]
	}
	if strings.HasPrefix(imageID, "docker.io/library/import-") {
		return reference, digest // containerd's name for an image from a tar
	}
	return name + "@" + digest, digest
}

// needsCensus: who holds which records matters only when modules may go.
func (r *Reconciler) needsCensus(s *plan.State) bool {
	if s.Accepted == nil || s.Image == nil {
		return s.Image != nil
	}
	if s.Image.Reference != s.Accepted.Reference || s.Image.Digest != s.Accepted.Digest || s.Spec.Image != s.Accepted.Reference {
		return true
	}
	for _, m := range s.Modules {
		if m.State == v1.StateRetiring {
			return true
		}
	}
	for _, m := range s.Accepted.Modules {
		if !slices.ContainsFunc(s.Spec.Modules, func(want v1.Module) bool {
			return want.Name == m.Name && want.State != v1.ModuleRetiring && want.Version == m.Version
		}) {
			return true
		}
	}
	return slices.ContainsFunc(s.Members, func(m plan.Member) bool { return m.Pod != nil && m.Pod.Revision != s.Revision })
}

// censuses keeps the last census of each instance: it is asked again when the node says that it
// changed, and every few seconds.
type censuses struct {
	mu   sync.Mutex
	kept map[types.NamespacedName]map[string]keptCensus // by instance
}

type keptCensus struct {
	census *control.Census
	epoch  uint64
	start  time.Time
	at     time.Time
}

const censusAge = 3 * time.Second

func newCensuses() *censuses {
	return &censuses{kept: map[types.NamespacedName]map[string]keptCensus{}}
}

func (k *censuses) of(cluster types.NamespacedName, instance string) (keptCensus, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept, ok := k.kept[cluster][instance]
	return kept, ok
}

func (k *censuses) keep(cluster types.NamespacedName, instance string, census keptCensus) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept[cluster] == nil {
		k.kept[cluster] = map[string]keptCensus{}
	}
	k.kept[cluster][instance] = census
}

func (k *censuses) forget(cluster types.NamespacedName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, cluster)
}

// census asks all instances at once. One that does not answer in time has no census.
func (r *Reconciler) census(ctx context.Context, key types.NamespacedName, members []plan.Member) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := range members {
		m := &members[i]
		if !m.Reached || m.Status == nil {
			continue
		}
		if kept, ok := r.censuses.of(key, m.Name); ok && kept.epoch == m.Status.CensusEpoch && kept.start.Equal(m.Status.StartedAt) && r.Now().Sub(kept.at) < censusAge {
			m.Census = kept.census
			continue
		}
		_, node, ok := r.hub.Heard(key, m.Name)
		if !ok {
			continue
		}
		wg.Go(func() {
			census, err := node.Census(ctx)
			if err != nil {
				m.Detail = "its census cannot be had: " + err.Error()
				return
			}
			m.Census = &census
			r.censuses.keep(key, m.Name, keptCensus{&census, m.Status.CensusEpoch, m.Status.StartedAt, r.Now()})
		})
	}
	wg.Wait()
}

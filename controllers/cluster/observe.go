package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

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
		if !desired.IsInstance(c.Name, claims[i].Name) {
			continue // a copy that somebody made
		}
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
		if !desired.IsInstance(c.Name, p.Name) {
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
			if m.Pod != nil {
				m.Replaced = r.told.another(key, name, m.Pod.UID, m.Reached && !m.Former)
			}
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

package cluster

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/desired"
	"github.com/redoubt-wal/redoubt/controllers/cluster/pki"
)

// ensureEvery is how often what hardly ever changes is made as it should be: services, budget,
// secrets, sizes of volumes. At once after a change of the spec.
const ensureEvery = time.Minute

// learnAuthority is what has to come first: without it no instance can be asked. While it cannot be read, the
// one that was known goes on being used.
func (r *Reconciler) learnAuthority(ctx context.Context, c *v1.WALCluster) error {
	authority, err := r.ensureAuthority(ctx, c)
	if err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	r.credentials.learn(client.ObjectKeyFromObject(c), authority)
	return nil
}

// ensure makes what does not depend on what the instances say. What fails does not keep the rest from
// being made.
func (r *Reconciler) ensure(ctx context.Context, c *v1.WALCluster) error {
	key := client.ObjectKeyFromObject(c)
	authority, _ := r.credentials.authority(key)
	failed := []error{r.ensureApp(ctx, c, authority.Cert)}
	for _, s := range desired.Services(c) {
		failed = append(failed, named("service "+s.Name, r.serverSideApply(ctx, c, s)))
	}
	failed = append(failed, named("disruption budget "+c.Name, r.serverSideApply(ctx, c, desired.Budget(c))), r.ensureVolumes(ctx, c))
	if err := errors.Join(failed...); err != nil {
		return err // the next pass tries all of it again
	}
	r.credentials.ensured(key, c.UID, c.Generation, r.Now())
	return nil
}

// ensureVolumes gives every volume its instance's certificate and the size that the spec wants.
func (r *Reconciler) ensureVolumes(ctx context.Context, c *v1.WALCluster) error {
	var claims corev1.PersistentVolumeClaimList
	if err := r.List(ctx, &claims, client.InNamespace(c.Namespace), client.MatchingLabels{v1.LabelCluster: c.Name}); err != nil {
		return named("volumes", err)
	}
	var failed []error
	for i := range claims.Items {
		claim := &claims.Items[i]
		if !claim.DeletionTimestamp.IsZero() || !desired.IsInstance(c.Name, claim.Name) {
			continue
		}
		failed = append(failed, r.ensureLeaf(ctx, c, claim.Name))
		if claim.Spec.Resources.Requests.Storage().Cmp(c.Spec.Storage.Size) < 0 {
			failed = append(failed, named("grow volume "+claim.Name, r.serverSideApply(ctx, c, desired.Claim(c, claim.Name))))
		}
	}
	return errors.Join(failed...)
}

// named says what an error is about.
func named(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// ensureAuthority reads a cluster's authority, or makes it. It is never replaced: instances would
// not know the new one.
func (r *Reconciler) ensureAuthority(ctx context.Context, c *v1.WALCluster) (pki.Pair, error) {
	var secret corev1.Secret
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: desired.SecretCA(c.Name)}, &secret)
	if err == nil && anothers(&secret, c) {
		return pki.Pair{}, errGoing(secret.Name)
	}
	if err == nil {
		authority := pki.Pair{Cert: secret.Data["ca.crt"], Key: secret.Data["ca.key"]}
		if _, err := tls.X509KeyPair(authority.Cert, authority.Key); err != nil {
			return pki.Pair{}, fmt.Errorf("ca.crt and ca.key of secret %s are no certificate and its key (%w): put them back; if they are lost delete the secret, and all certificates are made anew", secret.Name, err)
		}
		return authority, nil
	}
	if !apierrors.IsNotFound(err) {
		return pki.Pair{}, err
	}
	patience, cancel := context.WithTimeout(ctx, r.chores.patience)
	defer cancel()
	made := make(chan pki.Pair, 1)
	as := c.DeepCopy()
	err = r.chores.do(ctx, patience.Done(), client.ObjectKeyFromObject(c), "authority", func(ctx context.Context) error {
		authority, err := pki.NewAuthority("redoubt "+as.Namespace+"/"+as.Name, r.Now())
		if err == nil {
			err = r.Create(ctx, desired.CA(as, authority.Cert, authority.Key), client.FieldOwner(v1.OperatorName))
		}
		if err == nil {
			made <- authority
		}
		return err
	})
	select {
	case authority := <-made:
		return authority, nil
	default:
	}
	if err == nil {
		err = underWay{}
	}
	return pki.Pair{}, named("make secret "+desired.SecretCA(c.Name), err)
}

// errGoing says of an object that it is waited for until it is gone: see anothers.
func errGoing(name string) error {
	return fmt.Errorf("%s belongs to a WALCluster of the same name that was deleted, and is going", name)
}

func (r *Reconciler) ensureApp(ctx context.Context, c *v1.WALCluster, ca []byte) error {
	var secret corev1.Secret
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: desired.SecretApp(c.Name)}, &secret)
	if err == nil && anothers(&secret, c) {
		err = errGoing(secret.Name)
	}
	if !apierrors.IsNotFound(err) {
		return named("secret for applications", err)
	}
	return named("secret for applications", ignoreExists(r.Create(ctx, desired.App(c, strings.ToLower(rand.Text()), ca), client.FieldOwner(v1.OperatorName))))
}

// ensureLeaf makes an instance's certificate, and makes it anew before it ends.
func (r *Reconciler) ensureLeaf(ctx context.Context, c *v1.WALCluster, instance string) error {
	authority, ok := r.credentials.authority(client.ObjectKeyFromObject(c))
	if !ok {
		return fmt.Errorf("no authority for %s yet", instance)
	}
	names := desired.DNSNames(c, instance)
	var secret corev1.Secret
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: desired.SecretTLS(instance)}, &secret)
	switch {
	case err == nil:
		if authority.Good(pki.Pair{Cert: secret.Data["tls.crt"], Key: secret.Data["tls.key"]}, names, r.Now()) == nil {
			return nil
		}
	case !apierrors.IsNotFound(err):
		return fmt.Errorf("certificate of %s: %w", instance, err)
	}
	leaf, err := authority.Leaf(instance, names, r.Now())
	if err != nil {
		return fmt.Errorf("certificate of %s: %w", instance, err)
	}
	return r.serverSideApply(ctx, c, desired.TLS(c, instance, leaf.Cert, leaf.Key, authority.Cert))
}

// credentials are what the operator speaks to each cluster's instances with. Its own leaf is only in
// memory.
type credentials struct {
	mu   sync.Mutex
	kept map[types.NamespacedName]*credential
}

type credential struct {
	uid        types.UID
	generation int64
	at         time.Time
	pair       pki.Pair
	leaf       pki.Pair
	issued     time.Time
}

func newCredentials() *credentials { return &credentials{kept: map[types.NamespacedName]*credential{}} }

// due reports whether ensure has something to do.
func (k *credentials) due(cluster types.NamespacedName, uid types.UID, generation int64, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.kept[cluster]
	return c == nil || c.uid != uid || c.generation != generation || now.Sub(c.at) > ensureEvery
}

// learn takes a cluster's authority.
func (k *credentials) learn(cluster types.NamespacedName, authority pki.Pair) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.kept[cluster]; c == nil || string(c.pair.Cert) != string(authority.Cert) {
		k.kept[cluster] = &credential{pair: authority}
	}
}

// ensured says that nothing is due for a while, if the cluster stays as it is.
func (k *credentials) ensured(cluster types.NamespacedName, uid types.UID, generation int64, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.kept[cluster]; c != nil {
		c.uid, c.generation, c.at = uid, generation, now
	}
}

func (k *credentials) authority(cluster types.NamespacedName) (pki.Pair, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.kept[cluster]
	if c == nil {
		return pki.Pair{}, false
	}
	return c.pair, true
}

// of is a cluster's authority, and the operator's leaf of it, issued anew when a third of its life is
// left.
func (k *credentials) of(cluster types.NamespacedName) (authority []byte, leaf func() (pki.Pair, error)) {
	pair, _ := k.authority(cluster)
	return pair.Cert, func() (pki.Pair, error) {
		k.mu.Lock()
		defer k.mu.Unlock()
		c := k.kept[cluster]
		if c == nil {
			return pki.Pair{}, fmt.Errorf("cluster %s is gone", cluster)
		}
		now := time.Now()
		if c.leaf.Cert == nil || now.Sub(c.issued) > pki.LeafLife*2/3 {
			fresh, err := c.pair.Leaf(v1.OperatorName, nil, now)
			if err != nil {
				return pki.Pair{}, err
			}
			c.leaf, c.issued = fresh, now
		}
		return c.leaf, nil
	}
}

func (k *credentials) forget(cluster types.NamespacedName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, cluster)
}

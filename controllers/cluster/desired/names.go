package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Ports of a node.
const (
	PortSQL     = 5432
	PortControl = 8443
	PortHealth  = 8080
)

// Names of a cluster's objects.
func ServiceReadWrite(cluster string) string { return cluster + "-rw" }
func ServiceReadOnly(cluster string) string  { return cluster + "-ro" }
func ServiceRead(cluster string) string      { return cluster + "-r" }
func SecretCA(cluster string) string         { return cluster + "-ca" }
func SecretApp(cluster string) string        { return cluster + "-app" }
func SecretTLS(instance string) string       { return instance + "-tls" }
func PodProbe(cluster string) string         { return cluster + "-probe" }

// IsInstance reports whether a name is one of a cluster's instances: the cluster's, and a number.
func IsInstance(cluster, name string) bool {
	number, ok := strings.CutPrefix(name, cluster+"-")
	n, err := strconv.Atoi(number)
	return ok && err == nil && n > 0 && strconv.Itoa(n) == number
}

// Selector of the instances' pods.
func Selector(cluster string) map[string]string {
	return map[string]string{v1.LabelCluster: cluster, v1.LabelComponent: v1.ComponentInstance}
}

// labels of an object of a cluster.
func labels(c *v1.WALCluster, more map[string]string) map[string]string {
	out := map[string]string{
		"app.kubernetes.io/name":       "redoubt",
		"app.kubernetes.io/instance":   c.Name,
		"app.kubernetes.io/managed-by": v1.OperatorName,
		v1.LabelCluster:                c.Name,
	}
	maps.Copy(out, more)
	return out
}

// Meta of an object that goes when the cluster goes.
func Meta(c *v1.WALCluster, name string, more map[string]string) metav1.ObjectMeta {
	yes := true
	return metav1.ObjectMeta{
		Name: name, Namespace: c.Namespace, Labels: labels(c, more),
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: v1.GroupVersion.String(), Kind: "WALCluster", Name: c.Name, UID: c.UID, Controller: &yes, BlockOwnerDeletion: &yes,
		}},
	}
}

// Revision names what a pod was built from: another revision, another pod. It is the same for every
// instance, and does not change with what a running node is told (synchronous set, role).
func Revision(c *v1.WALCluster) string {
	if c.Status.Accepted == nil {
		return ""
	}
	return revision(Pod(c, "instance", "").Spec, c.Annotations[v1.AnnotationRestartedAt]+versions(c))
}

func revision(spec corev1.PodSpec, more string) string {
	text, err := json.Marshal(spec)
	if err != nil {
		panic(err) // a PodSpec always has a JSON form
	}
	sum := sha256.Sum256(append(text, more...))
	return hex.EncodeToString(sum[:6])
}

// versions: another version of a module is another revision, also if the image's digest is not known.
func versions(c *v1.WALCluster) string {
	out := ""
	for _, m := range c.Status.Accepted.Modules {
		out += " " + m.Name + "@" + m.Version
	}
	return out
}

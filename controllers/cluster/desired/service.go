package desired

import (
	"maps"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Services lead to the primary (-rw), to the standbys (-ro) and to all of them (-r).
func Services(c *v1.WALCluster) []*corev1.Service {
	return []*corev1.Service{
		service(c, ServiceReadWrite(c.Name), map[string]string{v1.LabelRole: v1.RolePrimary}),
		service(c, ServiceReadOnly(c.Name), map[string]string{v1.LabelRole: v1.RoleReplica}),
		service(c, ServiceRead(c.Name), nil),
	}
}

func service(c *v1.WALCluster, name string, more map[string]string) *corev1.Service {
	selector := Selector(c.Name)
	maps.Copy(selector, more)
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: Meta(c, name, nil),
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, Selector: selector,
			Ports: []corev1.ServicePort{{Name: "sql", Port: PortSQL, TargetPort: intstr.FromString("sql"), Protocol: corev1.ProtocolTCP}},
		},
	}
}

package desired

import (
	"fmt"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Superuser is the role that applications begin with.
const Superuser = "postgres"

// App is how to connect: what an application mounts or takes as its environment. ca is the certificate of
// the cluster's authority, for sslmode=verify-full.
func App(c *v1.WALCluster, password string, ca []byte) *corev1.Secret {
	host := ServiceReadWrite(c.Name) + "." + c.Namespace + ".svc"
	return secret(c, SecretApp(c.Name), corev1.SecretTypeBasicAuth, nil, map[string][]byte{
		"username": []byte(Superuser),
		"password": []byte(password),
		"host":     []byte(host),
		"port":     fmt.Append(nil, PortSQL),
		"dbname":   []byte(Superuser),
		"uri":      fmt.Appendf(nil, "postgresql://%s:%s@%s:%d/%s", Superuser, password, host, PortSQL, Superuser),
		"ca.crt":   ca,
		"pgpass":   fmt.Appendf(nil, "%s:%d:*:%s:%s\n", host, PortSQL, Superuser, password),
	})
}

// CA is the cluster's own authority.
func CA(c *v1.WALCluster, cert, key []byte) *corev1.Secret {
	return secret(c, SecretCA(c.Name), corev1.SecretTypeOpaque, nil, map[string][]byte{"ca.crt": cert, "ca.key": key})
}

// TLS is the certificate of an instance, for its control API and for replication.
func TLS(c *v1.WALCluster, instance string, cert, key, ca []byte) *corev1.Secret {
	return secret(c, SecretTLS(instance), corev1.SecretTypeTLS, map[string]string{v1.LabelInstance: instance},
		map[string][]byte{"tls.crt": cert, "tls.key": key, "ca.crt": ca})
}

// DNSNames that an instance's certificate is good for.
func DNSNames(c *v1.WALCluster, instance string) []string {
	names := []string{instance}
	for _, service := range []string{ServiceReadWrite(c.Name), ServiceReadOnly(c.Name), ServiceRead(c.Name)} {
		names = append(names, service, service+"."+c.Namespace, service+"."+c.Namespace+".svc", service+"."+c.Namespace+".svc.cluster.local")
	}
	return append(names, "localhost")
}

func secret(c *v1.WALCluster, name string, kind corev1.SecretType, more map[string]string, data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: Meta(c, name, more), Type: kind, Data: data,
	}
}

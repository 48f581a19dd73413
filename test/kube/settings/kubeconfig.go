package settings

import (
	"encoding/base64"
	"fmt"

	"github.com/redoubt-wal/redoubt/test/kube/pki"
)

// Kubeconfig lets its holder speak to the server as the pair's user.
func Kubeconfig(server string, authority []byte, user pki.Pair) string {
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: localkube
clusters:
- name: localkube
  cluster:
    server: %s
    certificate-authority-data: %s
contexts:
- name: localkube
  context: {cluster: localkube, user: localkube}
users:
- name: localkube
  user:
    client-certificate-data: %s
    client-key-data: %s
`, server, encode(authority), encode(user.Certificate), encode(user.Key))
}

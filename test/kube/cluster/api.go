package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

// api speaks to the API server. A client library would make the launcher as
// slow to build as Kubernetes, for the few questions it has.
type api struct {
	server string
	client http.Client
}

// newAPI reads the kubeconfig that we wrote.
func newAPI(kubeconfig string) (*api, error) {
	text, err := os.ReadFile(kubeconfig)
	if err != nil {
		return nil, err
	}
	field := func(name string) []byte {
		found := regexp.MustCompile(name + `: (\S+)`).FindSubmatch(text)
		if found == nil {
			return nil
		}
		return found[1]
	}
	decode := func(name string) []byte {
		decoded, _ := base64.StdEncoding.DecodeString(string(field(name)))
		return decoded
	}
	pair, err := tls.X509KeyPair(decode("client-certificate-data"), decode("client-key-data"))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kubeconfig, err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(decode("certificate-authority-data"))
	return &api{
		server: string(field("server")),
		client: http.Client{
			Timeout:   10 * time.Second,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots}},
		},
	}, nil
}

// get decodes what is at a path into into, unless that is nil.
func (a *api) get(ctx context.Context, path string, into any) error {
	return a.do(ctx, http.MethodGet, path, "", into)
}

// create posts an object; that it is there already is fine.
func (a *api) create(ctx context.Context, path, object string) error {
	return a.do(ctx, http.MethodPost, path, object, nil)
}

func (a *api) do(ctx context.Context, method, path, body string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, a.server+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	reply, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	exists := method == http.MethodPost && reply.StatusCode == http.StatusConflict
	if reply.StatusCode >= 300 && !exists {
		return fmt.Errorf("%s %s: %s: %.200s", method, path, reply.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

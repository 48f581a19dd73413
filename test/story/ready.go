package story

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

func installOperator(ctx context.Context, e *Env, t *Teller) (string, error) {
	repository, tag, _ := cutTag(e.Images.Operator)
	_, err := e.run(ctx, nil, e.Bin+"/helm", "upgrade", "--install", "redoubt", e.Chart,
		"--namespace", "redoubt-system", "--create-namespace", "--wait", "--timeout", "120s",
		"--set", "image.repository="+repository, "--set", "image.tag="+tag)
	if err != nil {
		return "", err
	}
	out, err := e.run(ctx, nil, e.Bin+"/kubectl", "-n", "redoubt-system", "get", "deployments", "--no-headers")
	if err != nil {
		return "", err
	}
	t.Fact("%s", strings.TrimSpace(out))
	_, err = e.KubectlAll(ctx, `apiVersion: v1
kind: Namespace
metadata:
  name: `+e.Namespace+`
  labels: {pod-security.kubernetes.io/enforce: restricted}
`, "apply", "-f", "-")
	return "the operator runs; namespace " + e.Namespace + " enforces the restricted Pod Security standard", err
}

// cutTag splits a reference at the colon of its tag, not of the registry's port.
func cutTag(reference string) (repository, tag string, ok bool) {
	at := strings.LastIndex(reference, ":")
	if at < strings.LastIndex(reference, "/") {
		return reference, "", false
	}
	return reference[:at], reference[at+1:], true
}

func becomeReady(ctx context.Context, e *Env, t *Teller) (string, error) {
	began := time.Now()
	if _, err := e.Kubectl(ctx, "apply", "-f", filepath.Join(e.Samples, "orders.yaml")); err != nil {
		return "", err
	}
	c, err := e.Await(ctx, 3*time.Minute, "the cluster to be Ready", settled)
	if err != nil {
		return "", err
	}
	took := time.Since(began)
	if c.Spec.Image != e.Images.Orders {
		return "", fmt.Errorf("the sample's image is %s, but this story pushed %s", c.Spec.Image, e.Images.Orders)
	}
	out, err := e.Status(ctx)
	if err != nil {
		return "", err
	}
	t.Fact("%s", out)
	return fmt.Sprintf("from apply to Ready in %.1f s", took.Seconds()), nil
}

// Status is what `kubectl redoubt status` prints.
func (e *Env) Status(ctx context.Context) (string, error) { return e.plugin(ctx, "status") }

// Explain is what `kubectl redoubt explain` prints.
func (e *Env) Explain(ctx context.Context) (string, error) { return e.plugin(ctx, "explain") }

func (e *Env) plugin(ctx context.Context, command string) (string, error) {
	return e.run(ctx, []string{"PATH=" + filepath.Dir(e.Self) + ":/usr/bin:/bin"}, e.Bin+"/kubectl", "redoubt", command, clusterName, "-n", e.Namespace)
}

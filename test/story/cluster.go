package story

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

// clusterName is the WALCluster of config/samples/orders.yaml.
const clusterName = "orders"

// Cluster reads the WALCluster.
func (e *Env) Cluster(ctx context.Context) (*redoubtv1.WALCluster, error) {
	raw, err := e.Kubectl(ctx, "get", "walcluster", clusterName, "-o", "json")
	if err != nil {
		return nil, err
	}
	var c redoubtv1.WALCluster
	if err := json.Unmarshal([]byte(raw), &c); err != nil {
		return nil, fmt.Errorf("read WALCluster %s: %w", clusterName, err)
	}
	return &c, nil
}

// Await waits until the cluster is as met says, and returns it. met also says in a few words how it
// looks now, for the error.
func (e *Env) Await(ctx context.Context, limit time.Duration, what string, met func(*redoubtv1.WALCluster) (bool, string)) (*redoubtv1.WALCluster, error) {
	var last *redoubtv1.WALCluster
	err := until(ctx, limit, what, func(ctx context.Context) (bool, string, error) {
		c, err := e.Cluster(ctx)
		if err != nil {
			return false, "", err
		}
		last = c
		ok, how := met(c)
		return ok, how, nil
	})
	return last, err
}

// settled says whether the operator has seen the newest spec and everything is as it wants.
func settled(c *redoubtv1.WALCluster) (bool, string) {
	if c.Status.ObservedGeneration != c.Generation {
		return false, "the operator has not seen the newest spec"
	}
	for _, want := range []string{redoubtv1.ConditionReady, redoubtv1.ConditionModulesInParity, redoubtv1.ConditionImageAccepted} {
		if !meta.IsStatusConditionTrue(c.Status.Conditions, want) {
			return false, describe(c.Status.Conditions)
		}
	}
	if !meta.IsStatusConditionFalse(c.Status.Conditions, redoubtv1.ConditionProgressing) {
		return false, describe(c.Status.Conditions)
	}
	return true, ""
}

// condition returns a condition with its status; nil if it is not there.
func condition(c *redoubtv1.WALCluster, kind string) *metav1.Condition {
	return meta.FindStatusCondition(c.Status.Conditions, kind)
}

func describe(all []metav1.Condition) string {
	var lines []string
	for _, c := range all {
		lines = append(lines, fmt.Sprintf("%s=%s/%s (%s)", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(lines, "; ")
}

// Patch merges a JSON patch into the WALCluster's spec and returns what kubectl said.
func (e *Env) Patch(ctx context.Context, patch string) (string, error) {
	return e.Kubectl(ctx, "patch", "walcluster", clusterName, "--type", "merge", "-p", patch)
}

// Pods maps the cluster's pods to their UIDs.
func (e *Env) Pods(ctx context.Context) (map[string]string, error) {
	out, err := e.Kubectl(ctx, "get", "pods", "-l", redoubtv1.LabelCluster+"="+clusterName+","+redoubtv1.LabelComponent+"="+redoubtv1.ComponentInstance,
		"-o", `jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{"\n"}{end}`)
	if err != nil {
		return nil, err
	}
	pods := map[string]string{}
	for line := range strings.Lines(out) {
		if name, uid, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			pods[name] = uid
		}
	}
	return pods, nil
}

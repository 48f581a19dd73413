package story

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

// unimpressed checks that a refused spec touched no pod and took no data.
func (e *Env) unimpressed(ctx context.Context, before map[string]string) error {
	after, err := e.Pods(ctx)
	if err != nil {
		return err
	}
	if !maps.Equal(before, after) {
		return fmt.Errorf("pods were touched: before %v, after %v", before, after)
	}
	rw, err := e.Service(ctx, "rw")
	if err != nil {
		return err
	}
	answer, err := rw.PSQL(ctx, "SELECT kv_get('hello')")
	if err == nil && answer != "world" {
		err = fmt.Errorf("kv_get('hello') is %q", answer)
	}
	return err
}

func refuseRemoval(ctx context.Context, e *Env, t *Teller) (string, error) {
	before, err := e.Pods(ctx)
	if err != nil {
		return "", err
	}
	if _, err := e.Patch(ctx, fmt.Sprintf(`{"spec": {"image": %q}}`, e.Images.NoLedger)); err != nil {
		return "", err
	}
	c, err := e.Await(ctx, time.Minute, "the refusal", func(c *redoubtv1.WALCluster) (bool, string) {
		return c.Status.ObservedGeneration == c.Generation && meta.IsStatusConditionTrue(c.Status.Conditions, redoubtv1.ConditionRolloutBlocked) && holds(c, "ledger"), describe(c.Status.Conditions)
	})
	if err != nil {
		return "", err
	}
	t.Fact("condition RolloutBlocked: %s", condition(c, redoubtv1.ConditionRolloutBlocked).Message)
	explained, err := e.Explain(ctx)
	if err != nil {
		return "", err
	}
	t.Fact("kubectl redoubt explain %s\n%s", clusterName, explained)
	if err := e.unimpressed(ctx, before); err != nil {
		return "", err
	}
	return "refused; no pod was touched", nil
}

// holds says whether a refusal names records of the module, with their number.
func holds(c *redoubtv1.WALCluster, module string) bool {
	if c.Status.Gate == nil {
		return false
	}
	for _, r := range c.Status.Gate.Refusals {
		if r.Module == module && r.Count > 0 && r.Instance != "" {
			return true
		}
	}
	return false
}

func refuseBrokenImage(ctx context.Context, e *Env, t *Teller) (string, error) {
	before, err := e.Pods(ctx)
	if err != nil {
		return "", err
	}
	if _, err := e.Patch(ctx, fmt.Sprintf(`{"spec": {"image": %q}}`, e.Images.NoNode)); err != nil {
		return "", err
	}
	c, err := e.Await(ctx, time.Minute, "the probe of the image to fail", func(c *redoubtv1.WALCluster) (bool, string) {
		accepted := condition(c, redoubtv1.ConditionImageAccepted)
		return c.Status.ObservedGeneration == c.Generation && accepted != nil && accepted.Status == "False" && strings.HasPrefix(accepted.Reason, "Probe") && accepted.Reason != redoubtv1.ReasonProbing, describe(c.Status.Conditions)
	})
	if err != nil {
		return "", err
	}
	accepted := condition(c, redoubtv1.ConditionImageAccepted)
	t.Fact("condition ImageAccepted: %s: %s", accepted.Reason, accepted.Message)
	if err := e.unimpressed(ctx, before); err != nil {
		return "", err
	}
	return "refused; no pod was touched", nil
}

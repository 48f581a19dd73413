package story

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

func rollOutNewerKV(ctx context.Context, e *Env, t *Teller) (string, error) {
	before, err := e.Pods(ctx)
	if err != nil {
		return "", err
	}
	start, err := e.Cluster(ctx)
	if err != nil {
		return "", err
	}
	if _, err := e.Patch(ctx, fmt.Sprintf(`{"spec": {"image": %q, "modules": [{"name": "kv", "version": "1.3.0"}]}}`, e.Images.NextKV)); err != nil {
		return "", err
	}
	var order []string
	_, err = e.Await(ctx, 5*time.Minute, "kv 1.3.0 on every instance", func(c *redoubtv1.WALCluster) (bool, string) {
		now, podsErr := e.Pods(ctx)
		for name, uid := range now {
			if podsErr == nil && before[name] != uid && !slices.Contains(order, name) {
				order = append(order, name)
				t.Fact("pod %s replaced; primary is %s", name, c.Status.CurrentPrimary)
			}
		}
		ok, how := settled(c)
		return ok && runsEverywhere(c, "kv@1.3.0"), how
	})
	if err != nil {
		return "", err
	}
	if len(order) != len(before) || order[len(order)-1] != start.Status.CurrentPrimary {
		return "", fmt.Errorf("pods were replaced in the order %s, but %s was the primary and should have been last", strings.Join(order, ", "), start.Status.CurrentPrimary)
	}
	format, err := e.awaitFormat(ctx, "2")
	if err != nil {
		return "", err
	}
	t.Fact("record format of kv in force: %s (raised when every instance could replay it)", format)
	return "replaced in the order " + strings.Join(order, ", ") + ": the old primary last", nil
}

// awaitFormat waits until the primary writes kv's records in a format, and writes some.
func (e *Env) awaitFormat(ctx context.Context, want string) (string, error) {
	var format string
	err := until(ctx, time.Minute, "kv's format "+want+" to be in force", func(ctx context.Context) (bool, string, error) {
		rw, err := e.Service(ctx, "rw")
		if err != nil {
			return false, "", err
		}
		format, err = rw.PSQL(ctx, "SELECT format FROM redoubt_modules WHERE module = 'kv'")
		return format == want, "format " + format, err
	})
	if err != nil {
		return "", err
	}
	rw, err := e.Service(ctx, "rw")
	if err != nil {
		return "", err
	}
	_, err = rw.PSQL(ctx, "SELECT kv_put('newer', 'written in format "+want+"')")
	return format, err
}

func refuseGoingBack(ctx context.Context, e *Env, t *Teller) (string, error) {
	before, err := e.Pods(ctx)
	if err != nil {
		return "", err
	}
	if _, err := e.Patch(ctx, fmt.Sprintf(`{"spec": {"image": %q, "modules": [{"name": "kv", "version": "1.2.0"}]}}`, e.Images.NoLedger)); err != nil {
		return "", err
	}
	c, err := e.Await(ctx, time.Minute, "the refusal", func(c *redoubtv1.WALCluster) (bool, string) {
		return c.Status.ObservedGeneration == c.Generation && meta.IsStatusConditionTrue(c.Status.Conditions, redoubtv1.ConditionRolloutBlocked) && holds(c, "kv"), describe(c.Status.Conditions)
	})
	if err != nil {
		return "", err
	}
	for _, r := range c.Status.Gate.Refusals {
		t.Fact("%s", r.Message)
	}
	if err := e.unimpressed(ctx, before); err != nil {
		return "", err
	}
	if _, err := e.Patch(ctx, fmt.Sprintf(`{"spec": {"image": %q, "modules": [{"name": "kv", "version": "1.3.0"}]}}`, e.Images.NextKV)); err != nil {
		return "", err
	}
	if _, err := e.Await(ctx, time.Minute, "everything to be as wanted again", settled); err != nil {
		return "", err
	}
	return "refused; no pod was touched, and the spec is back at kv 1.3.0", nil
}

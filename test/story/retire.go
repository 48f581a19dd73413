package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

func retireLedger(ctx context.Context, e *Env, t *Teller) (string, error) {
	rw, err := e.Service(ctx, "rw")
	if err != nil {
		return "", err
	}
	count, err := rw.PSQL(ctx, "SELECT kv_count()")
	if err != nil {
		return "", err
	}
	if err := openSlot(ctx, t, rw); err != nil {
		return "", err
	}
	patch := fmt.Sprintf(`{"spec": {"image": %q, "modules": [{"name": "kv", "version": "1.2.0"}, {"name": "ledger", "version": "1.0.3", "state": "Retiring"}]}}`, e.Images.NoLedger)
	if _, err := e.Patch(ctx, patch); err != nil {
		return "", err
	}
	if err := e.waitForReader(ctx, t, rw); err != nil {
		return "", err
	}
	seen := ""
	c, err := e.Await(ctx, 5*time.Minute, "the rollout without ledger", func(c *redoubtv1.WALCluster) (bool, string) {
		if now := progress(c, "ledger"); now != seen {
			seen = now
			t.Fact("%s", now)
		}
		ok, how := settled(c)
		return ok && runsEverywhere(c, "kv@1.2.0"), how
	})
	if err != nil {
		return "", err
	}
	if _, err := rw.PSQL(ctx, "SELECT ledger_total()"); err == nil {
		return "", fmt.Errorf("ledger_total() still answers after ledger was retired")
	}
	after, err := rw.PSQL(ctx, "SELECT kv_count(), kv_get('hello')")
	if err != nil {
		return "", err
	}
	if after != count+"|world" {
		return "", fmt.Errorf("kv had %s keys, now it answers %q", count, after)
	}
	t.Fact("SELECT kv_count(), kv_get('hello')  →  %s, as before", after)
	out, err := e.Status(ctx)
	if err != nil {
		return "", err
	}
	t.Fact("%s", out)
	return fmt.Sprintf("%d instances run %s", len(c.Status.Members), e.Images.NoLedger), nil
}

// progress says how far a module is on its way out.
func progress(c *redoubtv1.WALCluster, module string) string {
	for _, m := range c.Status.Modules {
		if m.Name == module {
			if len(m.Holders) == 0 {
				return fmt.Sprintf("%s: %s, nobody holds records of it", m.Name, m.State)
			}
			return fmt.Sprintf("%s: %s, records held by %s", m.Name, m.State, strings.Join(m.Holders, ", "))
		}
	}
	return module + ": not retiring yet"
}

// runsEverywhere says whether every instance loaded exactly these modules.
func runsEverywhere(c *redoubtv1.WALCluster, modules ...string) bool {
	for _, m := range c.Status.Members {
		if strings.Join(m.Modules, " ") != strings.Join(modules, " ") {
			return false
		}
	}
	return len(c.Status.Members) == int(c.Spec.Instances)
}

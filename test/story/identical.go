package story

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/test/identical"
)

// comparePages asks each instance for its pages' digests. The story is over, nobody writes any more.
func comparePages(ctx context.Context, e *Env, t *Teller) (string, error) {
	var nodes map[string][]identical.Row
	pages := 0
	err := until(ctx, 30*time.Second, "every instance to have the same pages", func(ctx context.Context) (bool, string, error) {
		var err error
		if nodes, err = e.pageDigests(ctx); err != nil {
			return false, "", err
		}
		pages, err = identical.Compare(nodes)
		return err == nil && pages > 0, fmt.Sprintf("%d pages, %v", pages, err), nil
	})
	if err != nil {
		return "", err
	}
	names := slices.Sorted(maps.Keys(nodes))
	for _, r := range nodes[names[0]] {
		t.Fact("SELECT * FROM redoubt_page_digests()  →  %s|%s|%s|%s", r.Manager, r.LSN, r.Pages, r.Digest)
	}
	return fmt.Sprintf("%s have the same %d pages", strings.Join(names, ", "), pages), nil
}

// pageDigests asks every instance, each at its pod's own address.
func (e *Env) pageDigests(ctx context.Context) (map[string][]identical.Row, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return nil, err
	}
	one, err := e.Service(ctx, "rw")
	if err != nil {
		return nil, err
	}
	nodes := map[string][]identical.Row{}
	for _, m := range c.Status.Members {
		if one.Host, err = e.Kubectl(ctx, "get", "pod", m.Name, "-o", "jsonpath={.status.podIP}"); err != nil {
			return nil, err
		}
		answer, err := one.PSQL(ctx, identical.Query)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		nodes[m.Name] = identical.Lines(answer)
	}
	if len(nodes) != int(c.Spec.Instances) {
		return nil, fmt.Errorf("%d of %d instances are there", len(nodes), c.Spec.Instances)
	}
	return nodes, nil
}

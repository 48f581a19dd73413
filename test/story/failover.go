package story

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

func loseThePrimary(ctx context.Context, e *Env, t *Teller) (string, error) {
	rw, err := e.Service(ctx, "rw")
	if err != nil {
		return "", err
	}
	before, err := e.Cluster(ctx)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "story")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	writer, err := e.StartWriter(rw.DSN(), "w", filepath.Join(dir, "acks"))
	if err != nil {
		return "", err
	}
	killed, err := e.killWhileWriting(ctx, t, writer, before.Status.CurrentPrimary)
	acks, stopErr := writer.Stop()
	if err != nil {
		return "", err
	}
	if stopErr != nil {
		return "", stopErr
	}
	gap, err := Gap(acks, killed)
	if err != nil {
		return "", err
	}
	after, err := e.Await(ctx, time.Minute, "a new primary", func(c *redoubtv1.WALCluster) (bool, string) {
		return c.Status.CurrentPrimary != "" && c.Status.CurrentPrimary != before.Status.CurrentPrimary, describe(c.Status.Conditions)
	})
	if err != nil {
		return "", err
	}
	t.Fact("new primary %s on timeline %d (before: %s on %d)", after.Status.CurrentPrimary, after.Status.Timeline.ID, before.Status.CurrentPrimary, before.Status.Timeline.ID)
	t.Fact("write gap: %d ms between the last write that the old primary acknowledged and the first of the new one", gap.Milliseconds())
	missing, err := missingWrites(ctx, rw, acks)
	if err != nil {
		return "", err
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("%d of %d acknowledged writes are missing, the first is %s", len(missing), len(acks), missing[0])
	}
	t.Fact("%d writes were acknowledged, 0 of them are missing", len(acks))
	if _, err := e.Await(ctx, 2*time.Minute, "all three instances again", settled); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s came back as a standby", before.Status.CurrentPrimary), nil
}

// killWhileWriting kills the primary's pod between acknowledged writes and waits for as many after it.
func (e *Env) killWhileWriting(ctx context.Context, t *Teller, writer *RunningWriter, primary string) (time.Time, error) {
	const enough = 300
	acknowledged := func(at func([]Ack) int) func(context.Context) (bool, string, error) {
		return func(context.Context) (bool, string, error) {
			acks, err := writer.Acks()
			n := at(acks)
			return n >= enough, fmt.Sprintf("%d writes", n), err
		}
	}
	if err := until(ctx, 30*time.Second, "acknowledged writes", acknowledged(func(a []Ack) int { return len(a) })); err != nil {
		return time.Time{}, err
	}
	killed := time.Now()
	if _, err := e.Kubectl(ctx, "delete", "pod", primary, "--force", "--grace-period=0", "--wait=false"); err != nil {
		return killed, err
	}
	t.Fact("kubectl delete pod %s --force --grace-period=0", primary)
	after := func(acks []Ack) int {
		n := 0
		for _, a := range acks {
			// Writes of the dying primary do not count: a pod takes a moment to be killed.
			if a.At.After(killed.Add(2 * time.Second)) {
				n++
			}
		}
		return n
	}
	return killed, until(ctx, time.Minute, "writes acknowledged after the kill", acknowledged(after))
}

// missingWrites returns the acknowledged keys that the cluster does not have.
func missingWrites(ctx context.Context, rw *Service, acks []Ack) ([]string, error) {
	out, err := rw.PSQL(ctx, "SELECT key FROM kv_range('w', 'x', 100000000)")
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for key := range strings.FieldsSeq(out) {
		have[key] = true
	}
	var missing []string
	for _, a := range acks {
		if !have[a.Key] {
			missing = append(missing, a.Key)
		}
	}
	return missing, nil
}

package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

// slotName is a logical replication slot whose reader is slow: what it has not read yet it still needs
// decoded, by the module that wrote it.
const slotName = "audit"

// openSlot makes the slot, with a record of ledger behind it.
func openSlot(ctx context.Context, t *Teller, rw *Service) error {
	if _, err := rw.RecvLogical(ctx, slotName, "--create-slot", "-P", "test_decoding"); err != nil {
		return err
	}
	t.Fact("pg_recvlogical -S %s --create-slot -P test_decoding", slotName)
	_, err := rw.PSQL(ctx, "SELECT ledger_transfer('alice', 'bob', 50)")
	return err
}

// waitForReader sees the gate kept closed by the slot, when every standby has let its records go, and
// lets the reader read.
func (e *Env) waitForReader(ctx context.Context, t *Teller, rw *Service) error {
	before, err := e.Pods(ctx)
	if err != nil {
		return err
	}
	c, err := e.Await(ctx, 2*time.Minute, "only the slot and the primary's log, which it keeps, to hold ledger's records", func(c *redoubtv1.WALCluster) (bool, string) {
		r := refusalOf(c, "slot "+slotName)
		return r != nil && heldOnlyBy(c, r.Instance), progress(c, "ledger")
	})
	if err != nil {
		return err
	}
	r := refusalOf(c, "slot "+slotName)
	if r.Reason != redoubtv1.ReasonRecordsRemain || r.Module != "ledger" || r.Count == 0 || r.First == "" || r.Last == "" || r.Instance != c.Status.CurrentPrimary {
		return fmt.Errorf("the refusal does not say whose records remain where: %+v", *r)
	}
	t.Fact("gate closed (%s): %s of %s holds %d record(s) of %s, %s to %s", r.Reason, r.Holder, r.Instance, r.Count, r.Module, r.First, r.Last)
	explained, err := e.Explain(ctx)
	if err != nil {
		return err
	}
	if !strings.Contains(explained, "slot "+slotName) || !strings.Contains(explained, "the reader of slot "+slotName+" catches up, or the slot is dropped") {
		return fmt.Errorf("kubectl redoubt explain does not name the slot:\n%s", explained)
	}
	t.Fact("kubectl redoubt explain %s\n%s", clusterName, explained)
	if err := e.unimpressed(ctx, before); err != nil {
		return err
	}
	return readSlot(ctx, t, rw)
}

// refusalOf is the gate's refusal that names this holder; nil if there is none.
func refusalOf(c *redoubtv1.WALCluster, holder string) *redoubtv1.Refusal {
	if c.Status.Gate == nil {
		return nil
	}
	for i := range c.Status.Gate.Refusals {
		if r := &c.Status.Gate.Refusals[i]; r.Holder == holder {
			return r
		}
	}
	return nil
}

// heldOnlyBy says whether no other instance has records that the gate refuses for.
func heldOnlyBy(c *redoubtv1.WALCluster, instance string) bool {
	for _, r := range c.Status.Gate.Refusals {
		if r.Instance != "" && r.Instance != instance {
			return false
		}
	}
	return true
}

// readSlot reads what the slot has, and ends it.
func readSlot(ctx context.Context, t *Teller, rw *Service) error {
	end, err := rw.PSQL(ctx, "SELECT pg_current_wal_lsn()")
	if err != nil {
		return err
	}
	read, err := rw.RecvLogical(ctx, slotName, "--start", "-f", "-", "--no-loop", "--endpos", end)
	if err != nil {
		return err
	}
	if !strings.Contains(read, "ledger") {
		return fmt.Errorf("the slot has no change of ledger: %q", read)
	}
	for line := range strings.Lines(read) {
		if strings.Contains(line, "ledger") {
			t.Fact("pg_recvlogical -S %s --start  →  %s", slotName, strings.TrimSpace(line))
		}
	}
	_, err = rw.RecvLogical(ctx, slotName, "--drop-slot")
	t.Fact("pg_recvlogical -S %s --drop-slot", slotName)
	return err
}

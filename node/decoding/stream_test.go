package decoding_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/wal"
)

// bare is text output without xids: they depend on nothing that these tests are about.
const bare = `0/0 ("include-xids" '0')`

func lines(l ...string) string { return strings.Join(l, "\n") }

func same(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func putLine(key, value string) string {
	return lines("BEGIN", "table public.kv: INSERT: key[text]:'"+key+"' value[text]:'"+value+"'", "COMMIT")
}

func TestChangesComeInOrderAsTheLogGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, both...)
		defer p.Abort()
		p.call("kv_put", "before", "the slot")
		c := p.connect(true)
		consistent := c.create("s", "test_decoding")
		p.call("kv_put", "a", "1")
		p.call("ledger_open", "x", int64(10))
		p.call("ledger_open", "y", int64(0))
		end := p.call("pg_logical_emit_message", false, "p", "at once")

		c.start("s", bare)
		same(t, c.until(end), lines(
			putLine("a", "1"),
			"BEGIN", "table ledger.account: INSERT: account[text]:'x' balance[bigint]:10", "COMMIT",
			"BEGIN", "table ledger.account: INSERT: account[text]:'y' balance[bigint]:0", "COMMIT",
			"message: transactional: 0 prefix: p, sz: 7 content:at once"))
		synctest.Wait()
		if s := p.slot("s"); s.ConfirmedFlush != consistent || s.ActivePID == 0 || s.Plugin != "test_decoding" {
			t.Errorf("slot before any confirmation: %+v", s)
		}

		p.call("ledger_transfer", "x", "y", int64(3))
		p.call("kv_put", "a", "2")
		end = p.call("pg_logical_emit_message", true, "p", "at its commit")
		same(t, c.until(end), lines(
			"BEGIN", "table public.ledger: TRANSFER: amount[bigint]:3 dst[text]:'y' src[text]:'x'", "COMMIT",
			"BEGIN", "table public.kv: UPDATE: old-key: value[text]:'1' new-tuple: key[text]:'a' value[text]:'2'", "COMMIT",
			"BEGIN", "message: transactional: 1 prefix: p, sz: 13 content:at its commit", "COMMIT"))

		synctest.Wait() // the client has the message a moment before the sender notes that it was sent
		if got := p.server.Replicas(); len(got) != 1 || got[0].State != "streaming" || got[0].Slot != "s" || got[0].Sent != end {
			t.Errorf("replicas: %+v", got)
		}
		if got := c.done(); !cmp.Equal(got, []string{"CopyDone", "COPY 0", "START_REPLICATION"}) {
			t.Errorf("the end of the stream: %q", got)
		}
		if _, err := c.command(`DROP_REPLICATION_SLOT "s"`); err != nil {
			t.Error(err)
		}
		c.close()
		p.conns.Wait()
	})
}

func TestARestartGoesOnBehindWhatWasConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, both...)
		c := p.connect(true)
		c.create("s", "test_decoding")
		c.start("s", bare)
		first := p.call("kv_put", "a", "1")
		same(t, c.until(first), putLine("a", "1"))
		c.confirm(first)
		second := p.call("kv_put", "b", "2")
		same(t, c.until(second), putLine("b", "2")) // and not confirmed
		synctest.Wait()
		c.close()

		p = p.crash(both...)
		defer func() { p.Abort() }()
		if got := p.slot("s").ConfirmedFlush; got != first {
			t.Errorf("confirmed_flush_lsn after the crash is %s, want %s", got, first)
		}
		third := p.call("kv_put", "c", "3")
		c = p.connect(true)
		c.start("s", bare)
		same(t, c.until(third), lines(putLine("b", "2"), putLine("c", "3")))
		c.done()

		c.start("s", third.String()+` ("include-xids" '0')`) // a later start is the client's word
		fourth := p.call("kv_put", "d", "4")
		same(t, c.until(fourth), putLine("d", "4"))
		c.close()
		p.conns.Wait()
	})
}

func TestAConfirmationIsSavedWhileTheStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, both...)
		defer p.Abort()
		c := p.connect(true)
		c.create("s", "test_decoding")
		c.start("s", bare)
		for i := range 3 {
			end := p.call("kv_put", key(i), "1")
			c.until(end)
			c.confirm(end)
			<-time.After(1100 * time.Millisecond) // of the bubble
			slots, err := replslot.Open(replslot.Options{FS: p.fs.PowerCut(0), Dir: "/data/pg_replslot"})
			must(t, err)
			if s, _ := slots.Get("s"); s.ConfirmedFlush != end {
				t.Errorf("confirmed %s, a power cut a second later leaves %s", end, s.ConfirmedFlush)
			}
		}
		c.close()
		p.conns.Wait()
	})
}

// Whatever the client confirms and whenever power goes, no change is lost, and none that was
// confirmed and saved comes again.
func TestManyCrashesLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, both...)
		c := p.connect(true)
		c.create("s", "test_decoding")
		written, taken := 0, 0 // keys
		for round := range 12 {
			c.start("s", bare)
			var end wal.LSN
			for range round {
				end = p.call("kv_put", key(written), "v")
				written++
			}
			if round%3 == 1 {
				must(t, p.Checkpoint(t.Context()))
			}
			if round > 0 {
				got := c.until(end)
				for i := taken; i < written; i++ {
					if !strings.Contains(got, "'"+key(i)+"'") {
						t.Fatalf("round %d: %s is lost", round, key(i))
					}
				}
				if taken > 0 && strings.Contains(got, "'"+key(taken-1)+"'") {
					t.Fatalf("round %d: %s comes again although it was confirmed", round, key(taken-1))
				}
				if round%2 == 0 {
					c.confirm(end)
					taken = written
				}
			}
			synctest.Wait()
			c.close()
			p = p.crash(both...)
			c = p.connect(true)
		}
		c.close()
		p.conns.Wait()
		p.Abort()
	})
}

func key(i int) string { return "key" + string(rune('A'+i/26)) + string(rune('a'+i%26)) }

func TestASlotHoldsTheLogAndIsNamedAsAHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, both...)
		defer p.Abort()
		c := p.connect(true)
		c.create("s", "wal2json")
		p.call("kv_put", "a", "1")
		for range 4 { // away from the segment with it
			_, err := p.SwitchWAL(t.Context())
			must(t, err)
			p.call("ledger_open", "filler"+p.Positions().Insert.String(), int64(1))
			must(t, p.Checkpoint(t.Context()))
		}
		if p.Positions().Oldest > p.slot("s").RestartLSN {
			t.Fatalf("log from %s on, but the slot needs %s", p.Positions().Oldest, p.slot("s").RestartLSN)
		}
		if !holds(t, p, "s", kv.ID) {
			t.Error("the census does not name the slot as a holder of kv's records")
		}

		c.start("s", "0/0")
		end := p.Positions().Flush
		c.until(end)
		c.confirm(end)
		synctest.Wait()
		if got := p.slot("s").RestartLSN; got <= wal.LSN(4*mib) || got > end {
			t.Errorf("restart_lsn is %s after a confirmation of %s", got, end)
		}
		_, err := p.SwitchWAL(t.Context())
		must(t, err)
		must(t, p.Checkpoint(t.Context()))
		if holds(t, p, "s", kv.ID) {
			t.Error("the slot still holds kv's records although it has moved on")
		}
		if p.Positions().Oldest <= 1*mib {
			t.Errorf("old log is still there, from %s on", p.Positions().Oldest)
		}
		c.close()
		p.conns.Wait()
	})
}

func holds(t *testing.T, p *primary, slot string, id wal.RmgrID) bool {
	t.Helper()
	census, err := p.Census(t.Context())
	must(t, err)
	for _, h := range census.Holders {
		if string(h.Kind) != "slot" || h.Name != slot {
			continue
		}
		for _, r := range h.Records {
			if wal.RmgrID(r.Rmgr) == id && r.Count > 0 {
				return true
			}
		}
	}
	return false
}

func TestTheFormatInForceIsTheRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, kv.Module12)
		c := p.connect(true)
		c.create("s", "test_decoding")
		p.call("kv_put", "a", "1")
		p.call("kv_put", "a", "2") // format 1 knows no old value
		c.close()
		p = p.crash(kv.Module)
		defer p.Abort()
		p.call("kv_put", "a", "3")
		must(t, p.SetFormat(t.Context(), kv.ID, 2))
		end := p.call("kv_put", "a", "4")
		c = p.connect(true)
		c.start("s", bare)
		same(t, c.until(end), lines(putLine("a", "1"),
			"BEGIN", "table public.kv: UPDATE: key[text]:'a' value[text]:'2'", "COMMIT",
			"BEGIN", "table public.kv: UPDATE: key[text]:'a' value[text]:'3'", "COMMIT",
			"BEGIN", "table public.kv: UPDATE: old-key: value[text]:'3' new-tuple: key[text]:'a' value[text]:'4'", "COMMIT"))
		c.close()
		p.conns.Wait()
	})
}

func TestALongValueComesInChunksBeforeItsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, both...)
		defer p.Abort()
		c := p.connect(true)
		c.create("s", "wal2json")
		value := strings.Repeat("0123456789", 10_000)
		end := p.call("kv_put", "a", value)
		c.start("s", `0/0 ("include-transaction" 'off')`)
		type column struct {
			Name  string
			Value any
		}
		got := make([]byte, len(value))
		var last struct {
			Action  string
			Columns []column
		}
		for line := range strings.Lines(c.until(end)) {
			must(t, json.Unmarshal([]byte(line), &last))
			values := map[string]any{}
			for _, col := range last.Columns {
				values[col.Name] = col.Value
			}
			if last.Action == "chunk" {
				data, err := hex.DecodeString(values["data"].(string))
				must(t, err)
				copy(got[int(values["offset"].(float64)):], data)
			}
		}
		if string(got) != value {
			t.Error("the chunks do not give the value")
		}
		want := []column{{"key", "a"}, {"value_length", float64(len(value))}}
		if diff := cmp.Diff(want, last.Columns); last.Action != "I" || diff != "" {
			t.Errorf("the change itself: %s (-want +got)\n%s", last.Action, diff)
		}
		c.close()
		p.conns.Wait()
	})
}

func TestAMissingManagerEndsTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, both...)
		c := p.connect(true)
		c.create("s", "test_decoding")
		p.call("ledger_open", "x", int64(1))
		at := p.Positions().Insert
		p.call("kv_put", "a", "1")
		must(t, p.Checkpoint(t.Context())) // recovery itself does not need kv any more
		c.close()
		p = p.crash(ledger.Module)
		defer p.Abort()
		c = p.connect(true)
		c.start("s", bare)
		var got []string
		var err error
		for err == nil {
			var e event
			if e, _, err = c.next(); e.text != "" {
				got = append(got, e.text)
			}
		}
		same(t, lines(got...), lines("BEGIN", "table ledger.account: INSERT: account[text]:'x' balance[bigint]:1", "COMMIT"))
		var refused *rmgr.Error
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
		same(t, refused.Message, "resource manager with ID 251 not registered")
		if !strings.Contains(refused.Detail, `slot "s" has met a record of resource manager 251 (kv) at `+at.String()) || !strings.Contains(refused.Hint, `module "kv"`) {
			t.Errorf("detail %q, hint %q, want the record at %s", refused.Detail, refused.Hint, at)
		}
		c.close()
		p.conns.Wait()
	})
}

func TestCommandsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrimary(t, both...)
		c, physical := p.connect(true), p.connect(false)
		c.create("taken", "test_decoding")
		_, err := c.command("CREATE_REPLICATION_SLOT phys PHYSICAL")
		must(t, err)
		for _, row := range []struct {
			client            *client
			command, sqlstate string
		}{
			{physical, "CREATE_REPLICATION_SLOT s LOGICAL test_decoding", "55000"},
			{physical, "START_REPLICATION SLOT taken LOGICAL 0/0", "55000"},
			{c, "CREATE_REPLICATION_SLOT s LOGICAL nope", "58P01"},
			{c, "CREATE_REPLICATION_SLOT taken LOGICAL test_decoding", "42710"},
			{c, "CREATE_REPLICATION_SLOT s LOGICAL test_decoding (SNAPSHOT 'use')", "0A000"},
			{c, "CREATE_REPLICATION_SLOT s LOGICAL test_decoding (TWO_PHASE)", "0A000"},
			{c, "CREATE_REPLICATION_SLOT s LOGICAL test_decoding (RESERVE_WAL)", "42601"},
			{c, "START_REPLICATION SLOT nothing LOGICAL 0/0", "42704"},
			{c, "START_REPLICATION SLOT phys LOGICAL 0/0", "55000"},
			{c, "START_REPLICATION SLOT taken 0/100000", "55000"},
			{c, "START_REPLICATION SLOT taken LOGICAL 0/0 (bogus)", "22023"},
			{c, "READ_REPLICATION_SLOT taken", "0A000"},
		} {
			if _, err := row.client.command(row.command); sqlState(err) != row.sqlstate {
				t.Errorf("%s: %v, want %s", row.command, err, row.sqlstate)
			}
		}
		if got := len(p.slots.List()); got != 2 {
			t.Errorf("%d slots are there, want 2", got)
		}
		other := p.connect(true)
		c.start("taken", "0/0")
		if _, err := other.command("DROP_REPLICATION_SLOT taken"); sqlState(err) != "55006" {
			t.Errorf("drop of a slot in use: %v", err)
		}
		c.done()
		must(t, p.Demote(t.Context()))
		for _, command := range []string{"CREATE_REPLICATION_SLOT s LOGICAL test_decoding", "START_REPLICATION SLOT taken LOGICAL 0/0"} {
			if _, err := c.command(command); sqlState(err) != "0A000" {
				t.Errorf("%s on a standby: %v", command, err)
			}
		}
		for _, x := range []*client{c, physical, other} {
			x.close()
		}
		p.conns.Wait()
		p.Abort()
	})
}

func TestAStopWaitsForTheClientWithinReason(t *testing.T) {
	for _, confirms := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := newPrimary(t, both...)
			defer p.Abort()
			c := p.connect(true)
			c.create("s", "test_decoding")
			c.start("s", bare)
			p.call("kv_put", "a", "1")
			must(t, p.Demote(t.Context()))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			drained := make(chan error, 1)
			go func() { drained <- p.server.Drain(ctx) }()
			end := p.Positions().Flush
			same(t, c.until(end), putLine("a", "1"))
			if confirms {
				c.confirm(end)
			}
			e, ok, err := c.next()
			for ok {
				e, ok, err = c.next()
			}
			if confirms && (e.text != "COPY 0" || err != nil) {
				t.Errorf("the stream ended with %+v %v, want COPY 0", e, err)
			}
			if got := <-drained; (got == nil) != confirms {
				t.Errorf("a client that confirms (%v): Drain returned %v", confirms, got)
			}
			c.close()
			p.conns.Wait()
		})
	}
}

package ledger_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
	"github.com/redoubt-wal/redoubt/wal"
)

func TestConformance(t *testing.T) { rmgrtest.Run(t, ledger.Module) }

func TestConformanceOfManyAccounts(t *testing.T) { rmgrtest.Run(t, ledger.Module, many) }

// many opens enough accounts for splits, some of them with ten equal bits at the front of their
// hash for a directory of the next level, and moves money among them.
func many(t testing.TB, e *rmgrtest.Engine, rng *rand.Rand) {
	names := crowd(220)
	for i := range 500 {
		names = append(names, fmt.Sprintf("account %d", i))
	}
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i, name := range names {
		if _, err := e.Call("ledger_open", name, 100); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			_, err := e.Call("ledger_transfer", names[rng.IntN(i+1)], names[rng.IntN(i+1)], 1+rng.IntN(150))
			var refused *rmgr.Error
			if err != nil && !errors.As(err, &refused) {
				t.Fatal(err)
			}
		}
	}
}

// crowd is n names whose hashes begin with the same ten bits.
func crowd(n int) (names []string) {
	for i := 0; len(names) < n; i++ {
		if name := fmt.Sprintf("crowded %d", i); ledger.Hash(name)>>54 == 0x155 {
			names = append(names, name)
		}
	}
	return names
}

func FuzzRedo(f *testing.F)     { rmgrtest.FuzzRedo(f, ledger.Module, many) }
func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, ledger.Module) }

func BenchmarkRedo(b *testing.B) { rmgrtest.BenchmarkRedo(b, ledger.Module, many) }

// Against a map: whatever is asked, balances are those of the map and the sum is what was opened.
func TestTheSumNeverChanges(t *testing.T) {
	e, rng := rmgrtest.NewEngine(ledger.Module), rand.New(rand.NewPCG(5, 5))
	want, total := map[string]int64{}, int64(0)
	crowded := crowd(300)
	name := func() string {
		if rng.IntN(4) == 0 {
			return crowded[rng.IntN(len(crowded))]
		}
		return fmt.Sprintf("n%d", rng.IntN(2000))
	}
	levels := map[string]bool{}
	for i := range 20000 {
		a, b, amount := name(), name(), int64(rng.IntN(200)-5)
		logged := len(e.Log)
		var err error
		var ok bool
		if rng.IntN(3) == 0 {
			_, there := want[a]
			ok = !there && amount >= 0
			if _, err = e.Call("ledger_open", a, amount); err == nil {
				want[a], total = amount, total+amount
			}
		} else {
			_, there := want[b]
			ok = there && a != b && amount > 0 && want[a] >= amount
			if _, err = e.Call("ledger_transfer", a, b, amount); err == nil {
				want[a] -= amount
				want[b] += amount
			}
		}
		if ok != (err == nil) {
			t.Fatalf("operation %d on %q, %q, %d: %v, expected to pass: %t", i, a, b, amount, err, ok)
		}
		if err != nil && len(e.Log) != logged && len(e.Pages) > 3 {
			t.Fatalf("operation %d was refused and logged: %v", i, err)
		}
		if i%500 == 0 {
			if got, err := e.Scalar("ledger_total"); err != nil || got != total {
				t.Fatalf("total after operation %d: %v, %v; want %d", i, got, err, total)
			}
		}
		for _, entry := range e.Log[logged:] {
			levels[ledger.Module.Managers[0].Manager.Identify(entry.Record.Info)] = true
		}
	}
	if len(levels) != 5 {
		t.Errorf("only %v happened", levels)
	}
	for n, balance := range want {
		if got, err := e.Scalar("ledger_balance", n); err != nil || got != balance {
			t.Fatalf("balance of %q: %v, %v; want %d", n, got, err, balance)
		}
	}

	replica := rmgrtest.Pages{}
	if err := e.Replay(replica, 0); err != nil {
		t.Fatal(err)
	}
	e.Pages = replica
	if got, err := e.Scalar("ledger_total"); err != nil || got != total {
		t.Errorf("total of the replica: %v, %v; want %d", got, err, total)
	}
}

// After every single record the sum is that of the accounts opened so far.
func TestTheSumAtEveryRecord(t *testing.T) {
	e := rmgrtest.NewEngine(ledger.Module)
	many(t, e, rand.New(rand.NewPCG(1, 1)))
	all := e.Log
	e.Pages = rmgrtest.Pages{}
	opened := int64(0)
	for i, entry := range all {
		if err := e.Pages.Apply(ledger.Module.Managers[0].Manager, entry, nil); err != nil {
			t.Fatal(err)
		}
		if entry.Record.Op() == 0x10 {
			opened += 100
		}
		if got, err := e.Scalar("ledger_total"); err != nil || got != opened {
			t.Fatalf("total after record %d: %v, %v; want %d", i, got, err, opened)
		}
	}
}

func TestRefusals(t *testing.T) {
	for says, tc := range map[string]struct {
		call []any
		code string
		want string
	}{
		"an overdraft":                      {[]any{"ledger_transfer", "a", "b", 101}, "23514", `account "a" would be overdrawn: It holds 100, the transfer asks for 101.`},
		"an unknown source":                 {[]any{"ledger_transfer", "x", "b", 1}, "P0002", `account "x" does not exist: `},
		"an unknown destination":            {[]any{"ledger_transfer", "a", "x", 1}, "P0002", `account "x" does not exist: `},
		"a transfer to itself":              {[]any{"ledger_transfer", "a", "a", 1}, "22023", `cannot transfer from account "a" to itself: `},
		"a negative amount":                 {[]any{"ledger_transfer", "a", "b", -1}, "22023", `cannot transfer the amount -1: `},
		"an amount of nothing":              {[]any{"ledger_transfer", "a", "b", 0}, "22023", `cannot transfer the amount 0: `},
		"an account that exists":            {[]any{"ledger_open", "a", 1}, "23505", `account "a" exists already: `},
		"an account that begins in debt":    {[]any{"ledger_open", "c", -1}, "22023", `an account cannot begin with the balance -1: `},
		"an account without a name":         {[]any{"ledger_open", "", 1}, "22023", `an account must have a name: `},
		"an account with too long a name":   {[]any{"ledger_open", strings.Repeat("x", 64), 1}, "22001", `account name has 64 bytes, ledger keeps at most 63: `},
		"more money than a bigint can hold": {[]any{"ledger_open", "c", math.MaxInt64 - 100}, "22003", `bigint out of range: 150 and 9223372036854775707 together do not fit.`},
	} {
		t.Run(says, func(t *testing.T) {
			e := rmgrtest.NewEngine(ledger.Module)
			for _, a := range [][]any{{"a", 100}, {"b", 50}} {
				if _, err := e.Call("ledger_open", a...); err != nil {
					t.Fatal(err)
				}
			}
			logged, before := len(e.Log), e.Pages.Clone()
			_, err := e.Call(tc.call[0].(string), tc.call[1:]...)
			var got *rmgr.Error
			if !errors.As(err, &got) || got.Code != tc.code || got.Message+": "+got.Detail != tc.want {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(before, e.Pages); diff != "" || len(e.Log) != logged {
				t.Errorf("something changed: %s", diff)
			}
		})
	}
	e := rmgrtest.NewEngine(ledger.Module)
	for _, call := range [][]any{{"ledger_balance", "a"}, {"ledger_balance", nil}} {
		if got, err := e.Scalar(call[0].(string), call[1:]...); err != nil || got != nil {
			t.Errorf("%v: %v, %v", call, got, err)
		}
	}
	if got, err := e.Scalar("ledger_total"); err != nil || got != int64(0) {
		t.Errorf("total of nothing: %v, %v", got, err)
	}
}

// Records are on disk: these bytes must be readable for ever.
func TestGoldenRecords(t *testing.T) {
	e := rmgrtest.NewEngine(ledger.Module)
	for _, call := range [][]any{{"ledger_open", "ann", 100}, {"ledger_open", "bob", 5}, {"ledger_transfer", "ann", "bob", 30}} {
		if _, err := e.Call(call[0].(string), call[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	manager := ledger.Module.Managers[0].Manager
	var got []string
	for _, entry := range e.Log {
		var line strings.Builder
		fmt.Fprintf(&line, "%x %s ", entry.Record.Main, manager.Identify(entry.Record.Info))
		manager.(rmgr.Describer).Describe(&line, &entry.Record)
		err := manager.(rmgr.Decoder).Decode(&entry.Record, 1, func(c rmgr.Change) { fmt.Fprintf(&line, " ⇒ %s %s %v", c.Action, c.Object, c.Columns) })
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line.String())
	}
	want := []string{
		`01 INIT meta 0, directory 1, bucket 2`,
		`01036400000000000000616e6e OPEN account "ann", balance 100 ⇒ insert ledger.account map[account:ann balance:100]`,
		`01030500000000000000626f62 OPEN account "bob", balance 5 ⇒ insert ledger.account map[account:bob balance:5]`,
		`010000030300000001001e00000000000000616e6e626f62 TRANSFER from "ann" slot 0 to "bob" slot 1, amount 30 ⇒ transfer ledger map[amount:30 dst:bob src:ann]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got, want := ledger.Hash("ann"), uint64(0x6ef4c3aba814f113); got != want {
		t.Errorf("the hash places accounts and is on disk: got %#x, want %#x", got, want)
	}
}

func BenchmarkTransfer(b *testing.B) {
	e := rmgrtest.NewEngine(ledger.Module)
	for i := range 5000 {
		if _, err := e.Call("ledger_open", fmt.Sprint(i), 1000000); err != nil {
			b.Fatal(err)
		}
	}
	manager, log := ledger.Module.Managers[0].Manager, len(e.Log)
	for i := range 2000 {
		if _, err := e.Call("ledger_transfer", fmt.Sprint(i), fmt.Sprint(i+2500), 1); err != nil {
			b.Fatal(err)
		}
	}
	transfers := e.Log[log:]
	b.Run("redo", func(b *testing.B) {
		ctx := inPlace{pages: map[uint32][]byte{}}
		for key, p := range e.Pages {
			ctx.pages[key.Block] = p
		}
		b.ReportAllocs()
		for i := range b.N {
			if err := manager.Redo(ctx, &transfers[i%len(transfers)].Record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("balance", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if _, err := e.Call("ledger_balance", "77"); err != nil {
				b.Fatal(i, err)
			}
		}
	})
}

// inPlace redoes on the pages themselves.
type inPlace struct {
	rmgr.RedoContext
	pages map[uint32][]byte
}

func (inPlace) Format() rmgr.Format { return 1 }
func (inPlace) Keep([]byte)         {}

func (c inPlace) Block(rec *wal.Record, id uint8) ([]byte, rmgr.RedoAction, error) {
	return c.pages[rec.Blocks[id].Block], rmgr.NeedsRedo, nil
}

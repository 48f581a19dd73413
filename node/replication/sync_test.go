package replication

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func TestParseRule(t *testing.T) {
	for in, want := range map[string]Rule{
		"":                       {},
		"  ":                     {},
		"a":                      {Number: 1, Members: []string{"a"}},
		"a, b":                   {Number: 1, Members: []string{"a", "b"}},
		"2 (a, b)":               {Number: 2, Members: []string{"a", "b"}},
		"FIRST 2 (a, b, c)":      {Number: 2, Members: []string{"a", "b", "c"}},
		"first 1 (*)":            {Number: 1, Members: []string{"*"}},
		"ANY 2 (a,b,c)":          {Any: true, Number: 2, Members: []string{"a", "b", "c"}},
		`ANY 1 ("a-1", "b""2")`:  {Any: true, Number: 1, Members: []string{"a-1", `b"2`}},
		`"any", "first"`:         {Number: 1, Members: []string{"any", "first"}},
		"*":                      {Number: 1, Members: []string{"*"}},
		"3, 4":                   {Number: 1, Members: []string{"3", "4"}},
		"\tFIRST\n1\t(node_1 ) ": {Number: 1, Members: []string{"node_1"}},
	} {
		got, err := ParseRule(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
		again, err := ParseRule(got.String())
		if err != nil || !again.Equal(got) {
			t.Errorf("%q prints as %q, which reads as %v, %v", in, got, again, err)
		}
	}
	for _, in := range []string{"ANY", "ANY 0 (a)", "FIRST (a)", "ANY 1 a", "ANY 1 (a", "ANY 1 (a,)", "a,", ",a", "a b", "ANY 1 (a) b", `"a`, "a-1", `""`, "1 ()", "99999999999 (a)"} {
		if got, err := ParseRule(in); err == nil {
			t.Errorf("%q is accepted as %v", in, got)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	f.Add(`ANY 2 ("a", b, *)`)
	f.Add("FIRST 1 (a)")
	f.Fuzz(func(t *testing.T, in string) {
		r, err := ParseRule(in)
		if err != nil {
			return
		}
		again, err := ParseRule(r.String())
		if err != nil || !again.Equal(r) && r.Synchronous() {
			t.Errorf("%q reads as %v, prints as %q, which reads as %v, %v", in, r, r, again, err)
		}
	})
}

// a standby in a table: what it is and how far it is.
type standby struct {
	name                string
	tli                 wal.TimelineID
	counts              bool
	write, flush, apply wal.LSN
}

func TestWhoReleasesACommit(t *testing.T) {
	at := func(name string, lsn wal.LSN) standby { return standby{name, 1, true, lsn, lsn, lsn} }
	for _, row := range []struct {
		sentence string
		rule     string
		standbys []standby
		level    Level
		released bool // a commit at 100
	}{
		{"nobody is asked: the commit does not wait", "", nil, LevelRemoteFlush, true},
		{"synchronous_commit=local does not wait", "a", nil, LevelLocal, true},
		{"no standby is there", "a", nil, LevelRemoteFlush, false},
		{"the one standby has it", "a", []standby{at("a", 100)}, LevelRemoteFlush, true},
		{"the one standby has less", "a", []standby{at("a", 99)}, LevelRemoteFlush, false},
		{"names are compared without case", "A", []standby{at("a", 100)}, LevelRemoteFlush, true},
		{"anybody will do", "*", []standby{at("x", 100)}, LevelRemoteFlush, true},
		{"another standby does not count", "a", []standby{at("b", 100)}, LevelRemoteFlush, false},

		{"FIRST 1: the first by the list decides, not the fastest", "a, b", []standby{at("a", 50), at("b", 100)}, LevelRemoteFlush, false},
		{"FIRST 1: the second decides when the first is not there", "a, b", []standby{at("b", 100)}, LevelRemoteFlush, true},
		{"FIRST 2: the slower of both decides", "FIRST 2 (a, b, c)", []standby{at("a", 100), at("b", 99), at("c", 100)}, LevelRemoteFlush, false},
		{"FIRST 2: with one only nobody is released", "FIRST 2 (a, b)", []standby{at("a", 100)}, LevelRemoteFlush, false},
		{"ANY 1: the fastest decides", "ANY 1 (a, b)", []standby{at("a", 1), at("b", 100)}, LevelRemoteFlush, true},
		{"ANY 2: the second fastest decides", "ANY 2 (a, b, c)", []standby{at("a", 1), at("b", 100), at("c", 100)}, LevelRemoteFlush, true},
		{"ANY 2: one of them is not enough", "ANY 2 (a, b, c)", []standby{at("a", 1), at("b", 100), at("c", 99)}, LevelRemoteFlush, false},
		{"two standbys of one name are two", "ANY 2 (a)", []standby{at("a", 100), at("a", 100)}, LevelRemoteFlush, true},

		{"written counts for remote_write", "a", []standby{{"a", 1, true, 100, 1, 1}}, LevelRemoteWrite, true},
		{"written does not count for on", "a", []standby{{"a", 1, true, 100, 99, 1}}, LevelRemoteFlush, false},
		{"flushed does not count for remote_apply", "a", []standby{{"a", 1, true, 100, 100, 99}}, LevelRemoteApply, false},
		{"applied counts for remote_apply", "a", []standby{{"a", 1, true, 100, 100, 100}}, LevelRemoteApply, true},
		{"ANY 2: each level has its own order", "ANY 2 (a, b, c)", []standby{{"a", 1, true, 100, 1, 1}, {"b", 1, true, 1, 100, 1}, {"c", 1, true, 100, 1, 1}}, LevelRemoteWrite, true},

		{"a standby in catchup does not count", "a", []standby{{"a", 1, false, 100, 100, 100}}, LevelRemoteFlush, false},
		{"a stream of an old timeline does not count", "a", []standby{{"a", 9, true, 100, 100, 100}}, LevelRemoteFlush, false},
		{"one that never flushes does not count, even for remote_write", "a", []standby{{"a", 1, true, 100, 0, 0}}, LevelRemoteWrite, false},
		{"FIRST 1: one that does not count is passed over", "a, b", []standby{{"a", 1, false, 1, 1, 1}, at("b", 100)}, LevelRemoteFlush, true},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, row.rule)
				got := make(chan error, 1)
				ctx, cancel := context.WithCancel(t.Context())
				go func() { got <- s.Wait(ctx, 100, row.level) }()
				synctest.Wait()
				for _, st := range row.standbys {
					s.update(s.join(st.name), st.tli, st.counts, st.write, st.flush, st.apply)
				}
				synctest.Wait()
				if released := s.Waiters() == 0; released != row.released {
					t.Errorf("released: %v, want %v", released, row.released)
				}
				cancel()
				if err := <-got; row.released && err != nil || !row.released && !errors.Is(err, ErrWaitCancelled) {
					t.Errorf("Wait: %v", err)
				}
			})
		})
	}
}

func open(t *testing.T, rule string) *SyncRep {
	t.Helper()
	r, err := ParseRule(rule)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSyncRep()
	s.Open(1, r)
	return s
}

func TestANewRuleTakesEffectForWaitingCommits(t *testing.T) {
	for _, row := range []struct {
		sentence    string
		before, now string
		released    bool
	}{
		{"a looser rule releases", "ANY 2 (a, b)", "ANY 1 (a, b)", true},
		{"no rule releases all", "ANY 2 (a, b)", "", true},
		{"another stricter rule does not", "ANY 2 (a, b)", "FIRST 2 (a, c)", false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, row.before)
				s.update(s.join("a"), 1, true, 100, 100, 100)
				ctx, cancel := context.WithCancel(t.Context())
				go s.Wait(ctx, 100, LevelRemoteFlush)
				synctest.Wait()
				r, _ := ParseRule(row.now)
				s.SetRule(r)
				if released := s.Waiters() == 0; released != row.released {
					t.Errorf("released: %v, want %v", released, row.released)
				}
				cancel()
			})
		})
	}
}

func TestAStricterRuleHoldsForLaterCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, "a")
		s.update(s.join("a"), 1, true, 100, 100, 100)
		if err := s.Wait(t.Context(), 100, LevelRemoteFlush); err != nil {
			t.Fatal(err)
		}
		r, _ := ParseRule("ANY 2 (a, b)")
		s.SetRule(r)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Wait(ctx, 90, LevelRemoteFlush); !errors.Is(err, ErrWaitCancelled) {
			t.Errorf("a commit that the old rule had released did not wait by the new one: %v", err)
		}
	})
}

func TestWhoLeavesDoesNotRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, "ANY 1 (a, b)")
		a := s.join("a")
		s.update(a, 1, true, 50, 50, 50)
		got := make(chan error, 1)
		go func() { got <- s.Wait(t.Context(), 100, LevelRemoteFlush) }()
		synctest.Wait()
		s.leave(a)
		if s.Waiters() != 1 {
			t.Error("released by a standby that left")
		}
		s.update(s.join("b"), 1, true, 100, 100, 100)
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
}

func TestThePotentialOneTakesThePlaceOfOneThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, "FIRST 1 (a, b)")
		a, b := s.join("a"), s.join("b")
		s.update(a, 1, true, 50, 50, 50)
		s.update(b, 1, true, 100, 100, 100)
		got := make(chan error, 1)
		go func() { got <- s.Wait(t.Context(), 100, LevelRemoteFlush) }()
		synctest.Wait()
		if _, state := s.standing(b); state != "potential" {
			t.Errorf("b is %s", state)
		}
		s.leave(a)
		if err := <-got; err != nil {
			t.Error(err)
		}
		if _, state := s.standing(b); state != "sync" {
			t.Errorf("b is %s", state)
		}
	})
}

func TestADeposedPrimaryAcknowledgesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, "a")
		a := s.join("a")
		got := make(chan error, 2)
		for _, level := range []Level{LevelRemoteWrite, LevelRemoteApply} {
			go func() { got <- s.Wait(t.Context(), 100, level) }()
		}
		synctest.Wait()
		s.Close(ErrDeposed)
		s.update(a, 1, true, 1000, 1000, 1000)
		for range 2 {
			if err := <-got; !errors.Is(err, ErrDeposed) {
				t.Errorf("waiting commit: %v", err)
			}
		}
		for _, level := range []Level{LevelLocal, LevelRemoteFlush} {
			if err := s.Wait(t.Context(), 100, level); !errors.Is(err, ErrDeposed) {
				t.Errorf("later commit: %v", err)
			}
		}
	})
}

func BenchmarkReleaseOfOneOfManyWaiters(b *testing.B) {
	s := NewSyncRep()
	s.Open(1, Rule{Any: true, Number: 1, Members: []string{"a", "b"}})
	a := s.join("a")
	s.update(s.join("b"), 1, true, 1, 1, 1)
	b.ReportAllocs()
	for lsn := wal.LSN(1); b.Loop(); lsn++ {
		w := &waiter{lsn: lsn, done: make(chan struct{})}
		s.mu.Lock()
		s.enqueue(LevelRemoteFlush, w)
		s.mu.Unlock()
		s.update(a, 1, true, lsn, lsn, lsn)
		<-w.done
	}
}

// Who cancels a wait goes on without standbys; whose session is ended asked for nothing of the kind.
func TestTheEndOfASessionIsNoAcknowledgement(t *testing.T) {
	for _, row := range []struct {
		cause error
		want  error
	}{
		{&rmgr.Error{Code: "57014", Message: "canceling statement due to user request"}, ErrWaitCancelled},
		{&rmgr.Error{Code: "57P01", Message: "terminating connection due to administrator command"}, ErrWaitEnded},
	} {
		s := open(t, "a")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(row.cause)
		if err := s.Wait(ctx, 100, LevelRemoteFlush); !errors.Is(err, row.want) {
			t.Errorf("%v: got %v", row.cause, err)
		}
	}
}

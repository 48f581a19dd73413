package crash_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/test/identical"
)

var (
	kills      = flag.Int("kills", 40, "how often the single node is killed")
	promotions = flag.Int("promotions", 8, "how often the primary of two is killed")
	seed       = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments of the kills")
)

// small settings, so that every round has checkpoints, recycled segments and pages that do not fit.
var small = []string{"max_wal_size=4MB", "min_wal_size=2MB", "shared_buffers=1MB", "log_min_messages=warning"}

func TestAKilledNodeLosesNothing(t *testing.T) {
	t.Logf("-seed %d", *seed)
	r := rand.New(rand.NewPCG(*seed, 0))
	s := newServer(t, small...)
	s.init()
	s.start()
	l := &load{t: t}
	l.prepare(s)
	again := 0
	for round := range *kills {
		l.runUntil(s, 1+r.Int64N(500), s.kill)
		checking := "wal_consistency_checking=" + []string{"", "", "all"}[round%3]
		for r.IntN(4) == 0 { // kill recovery too, wherever it is
			s.launch(checking)
			kill := time.NewTimer(time.Duration(r.IntN(60_000)) * time.Microsecond)
			<-kill.C
			s.kill()
			again++
		}
		s.start(checking)
		l.check(s, round%50 == 49 || round == *kills-1)
		if t.Failed() {
			t.Fatalf("round %d of -seed %d", round, *seed)
		}
	}
	s.stop()
	s.checksums()
	t.Logf("%d kills, %d of recoveries, %d writes acknowledged, none lost", *kills, again, l.total)
}

// TestAKilledPrimaryLosesNothingOnItsStandby: what waited for the standby is there after its promotion.
func TestAKilledPrimaryLosesNothingOnItsStandby(t *testing.T) {
	t.Logf("-seed %d", *seed)
	r := rand.New(rand.NewPCG(*seed, 1))
	options := append([]string{"synchronous_standby_names=*", "wal_consistency_checking=all", "wal_keep_size=1GB", "wal_retrieve_retry_interval=50ms"}, small...)
	p := newServer(t, options...)
	p.init()
	p.start("synchronous_standby_names=")
	l := &load{t: t}
	l.prepare(p)
	p.stop()
	p.launch()
	for round := range *promotions {
		s := standbyOf(t, p, options)
		l.runUntil(p, 1+r.Int64N(500), func() {
			if round%3 == 1 {
				s.kill() // first, so that some commits hang for it when the primary ends
			}
			p.kill()
		})
		if s.cmd == nil {
			s.launch() // its log has what it has acknowledged; nobody is there to follow
		}
		awaitConsistent(s)
		s.node("promote", "-D", s.data())
		l.check(s, round%10 == 9 || round == *promotions-1)
		if t.Failed() {
			t.Fatalf("round %d of -seed %d", round, *seed)
		}
		must(t, os.RemoveAll(p.data()))
		p = s
	}
	samePages(t, p, standbyOf(t, p, options))
	p.stop()
	p.checksums()
	t.Logf("%d promotions, %d writes acknowledged, none lost", *promotions, l.total)
}

// standbyOf clones a running primary and starts the clone; it streams on return.
func standbyOf(t *testing.T, p *server, options []string) *server {
	t.Helper()
	p.await()
	s := newServer(t, options...)
	s.node("basebackup", "-D", s.data(), "-d", p.conninfo()+" application_name=s", "-R")
	s.start()
	return s
}

// samePages compares all pages of a primary that is at rest with its standby's.
func samePages(t *testing.T, p, s *server) {
	t.Helper()
	end := p.query("SELECT pg_current_wal_lsn()::text")[0][0]
	for s.query("SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn", end)[0][0] != "true" {
		runtime.Gosched()
	}
	pages, err := identical.Compare(map[string][]identical.Row{
		"primary": identical.Rows(p.query(identical.Query)), "standby": identical.Rows(s.query(identical.Query)),
	})
	if err != nil || pages == 0 {
		t.Errorf("%d pages: %v", pages, err)
	}
}

// awaitConsistent waits until a standby without an upstream answers its socket.
func awaitConsistent(s *server) {
	s.t.Helper()
	for {
		conn, err := s.connect(s.t.Context())
		if err == nil {
			conn.Close(s.t.Context())
			return
		}
		select {
		case err := <-s.ended:
			s.t.Fatalf("the standby ended: %v", err)
		case <-s.t.Context().Done():
			s.t.Fatal(err)
		default:
		}
	}
}

package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/census"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// What a standby has received and not looked at yet may hold anything, and the tally of a segment is not
// kept before the whole segment is counted: the next start, and who asks a directory that nobody uses,
// would take a part for all of it.
func TestAStandbyThatIsBehindKnowsThatItDoesNotKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newStore(t, vfs.NewMem(), keepLog)
		defer p.Abort()
		p.put("a", "1")
		disk := clone(t, p.Engine)
		o := options(t, disk, kv.Module)
		s := storeOf(t, open(t, o), o)
		follow(t, p.Engine, s.Engine)

		release := s.reads("a") // replay waits for who reads
		for at := p.Log().InsertLSN(); p.Log().InsertLSN() < at+2<<20; {
			p.put("b", string(make([]byte, 2000)))
		}
		ship(t, p.Engine, s.Engine, 8192)
		time.Sleep(time.Second) // what is done about full segments is done
		if h := wholeCensus(t, s.Engine); !h.Unknown {
			t.Errorf("replayed to %s, received to %s: %+v, want unknown", s.Positions().Replay, s.Positions().Flush, h)
		}
		offline, err := census.ScanDir(disk, dir)
		if err != nil {
			t.Fatal(err)
		}
		release()
		caughtUp(t, s.Engine, s.Positions().Flush)
		time.Sleep(time.Second)
		all := wholeCensus(t, s.Engine)
		if last := wholeCensus(t, p.Engine).Records[0].Last; all.Unknown || all.Records[0].Last != last {
			t.Errorf("of a standby that has replayed all: %+v, want all up to %s", all, last)
		}
		sameRecords(t, "of the directory of a standby that was behind", all.Records, offline.Holders[0].Records)
		s.Abort()
	})
}

// reads reads a key until it is released.
func (s store) reads(key string) (release func()) {
	fn, _ := s.tab.Function("kv_get")
	reading, released, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_, err := s.Call(s.t.Context(), &fn, []any{key}, func(...any) error {
			close(reading)
			<-released
			return nil
		})
		if err != nil {
			s.t.Error(err)
		}
	}()
	<-reading
	return func() { close(released); <-done }
}

func wholeCensus(t testing.TB, e *engine.Engine) control.Holder {
	t.Helper()
	c, err := e.Census(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Holders[0]
}

// A clone that came without log counts what it receives as a primary counts what it writes.
func TestACloneKnowsSegmentsWithoutCustomRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newStore(t, vfs.NewMem(), keepLog)
		defer p.Abort()
		p.put("a", "1")
		s, _ := standbyOf(t, p, kv.Module)
		for range 3 {
			if _, err := p.SwitchWAL(t.Context()); err != nil {
				t.Fatal(err)
			}
			var b wal.Builder
			b.Begin(wal.RmgrXLOG, wal.XLogNoop)
			b.AddMain([]byte("nothing"))
			if err := b.Finish(); err != nil {
				t.Fatal(err)
			}
			_, end, err := p.Log().Insert(&b, 0)
			if err == nil {
				err = p.Log().Flush(end)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		p.put("b", "2")
		follow(t, p.Engine, s.Engine)
		time.Sleep(time.Second) // the log before the redo point is read in the background
		got, want := wholeCensus(t, s.Engine), wholeCensus(t, p.Engine)
		if got.Unknown || len(got.Records) != 1 || got.Records[0].Last != want.Records[0].Last || !slices.ContainsFunc(want.Records, func(r control.RecordCount) bool { return r.Rmgr == uint8(kv.ID) }) {
			t.Errorf("the clone says %+v, the primary %+v", got, want)
		}
		s.Abort()
	})
}

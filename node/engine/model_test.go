package engine_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

var (
	modelRounds = flag.Int("model-rounds", 5, "crashes in TestSessionsAreMapsWhateverCrashes")
	modelSeed   = flag.Uint64("model-seed", 251, "what it begins with")
)

// Sessions put and delete keys of their own, on pages that they share, while others scan the primary and
// a standby: each is a map. Everything is killed or loses its power in the middle of it, again and again.
// What a session finds then is what it had after one of its operations, no earlier than the last that was
// acknowledged before. It begins with kv 1.2, goes on with 1.3, and then the format of records is raised.
func TestSessionsAreMapsWhateverCrashes(t *testing.T) {
	r := &modelRun{t: t, rng: rand.New(rand.NewPCG(*modelSeed, 1)), module: kv.Module12}
	m := vfs.NewMem()
	initDir(t, m, kv.Module12)
	o := r.options(m)
	p := storeOf(t, primary(t, o), o)
	for i := range r.sessions {
		r.sessions[i] = &modelSession{id: i, rng: rand.New(rand.NewPCG(*modelSeed, uint64(2+i))), was: map[string]string{}}
	}
	s, so := standbyOf(t, p, kv.Module12)
	for round := range *modelRounds {
		m = r.round(p, s, m, round >= 2)
		r.module = kv.Module
		o = r.options(m)
		p = storeOf(t, primary(t, o), o)
		r.compare(p)
		sm := so.FS.(*vfs.Mem)
		if r.rng.IntN(2) == 0 {
			sm = sm.PowerCut(r.rng.IntN(vfs.Variants))
		}
		s.Abort()
		if r.cut { // the standby may have log that it took
			sm = clone(t, p.Engine)
		}
		so = r.options(sm)
		s = storeOf(t, open(t, so), so)
		follow(t, p.Engine, s.Engine)
		if pause := s.ReplayPause(); pause != nil {
			t.Fatalf("replay is paused: %+v", pause)
		}
		r.compare(s)
		if diff := cmp.Diff(digests(t, p.Engine), digests(t, s.Engine)); diff != "" {
			t.Fatalf("pages differ (-primary +standby)\n%s", diff)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	p.Abort()
	s.Abort()
}

type modelRun struct {
	t        *testing.T
	rng      *rand.Rand
	sessions [5]*modelSession
	module   rmgr.Module
	cut      bool // the last crash was a power cut
}

func (r *modelRun) options(m *vfs.Mem) engine.Options {
	o := options(r.t, m, checked(r.module))
	o.RedoWorkers = 1 + r.rng.IntN(3)
	o.WALKeepSize = 1 << 30
	o.WALCompression = []string{"off", "lz4", "pglz"}[r.rng.IntN(3)]
	if r.rng.IntN(2) == 0 {
		o.ConsistencyChecking = []string{"all"}
	}
	return o
}

// checked is kv with a function that looks at the whole store.
func checked(m rmgr.Module) rmgr.Module {
	id := wal.RmgrID(kv.ID)
	m.Functions = append(m.Functions[:len(m.Functions):len(m.Functions)], rmgr.Function{
		Name: "kv_check", Returns: []rmgr.Column{{Name: "sound", Type: rmgr.Bool}}, ReadsOf: &id,
		Call: func(_ context.Context, s rmgr.Session, _ []any, row func(...any) error) error {
			if err := kv.Check(s); err != nil {
				return err
			}
			return row(true)
		},
	})
	return m
}

// round runs the sessions until a crash, and returns the primary's disk after it.
func (r *modelRun) round(p, s store, m *vfs.Mem, raise bool) *vfs.Mem {
	var writing, others sync.WaitGroup
	var done atomic.Int64
	stop, crash := make(chan struct{}), make(chan struct{})
	after := int64(50 + r.rng.IntN(600))
	var once sync.Once
	for _, session := range r.sessions {
		session.begin()
		writing.Go(func() {
			for session.operate(r.t, p) {
				if done.Add(1) == after {
					once.Do(func() { close(crash) })
				}
			}
			once.Do(func() { close(crash) })
		})
	}
	for _, e := range []store{p, s} {
		others.Go(func() {
			for !closed(stop) {
				r.scan(e)
			}
		})
		others.Go(func() {
			for !closed(stop) {
				_ = e.Checkpoint(r.t.Context())
			}
		})
	}
	if raise {
		others.Go(func() { _ = p.SetFormat(r.t.Context(), kv.ID, 2) })
	}
	others.Go(func() {
		for !closed(stop) {
			ship(r.t, p.Engine, s.Engine, 3000)
		}
	})
	<-crash
	left := m
	for _, session := range r.sessions {
		session.acked = int(session.done.Load())
	}
	if r.cut = r.rng.IntN(2) == 0; r.cut {
		left = m.PowerCut(r.rng.IntN(vfs.Variants))
	}
	close(stop)
	others.Wait()
	p.Abort()
	writing.Wait()
	return left
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// scan reads a part of the store: keys ascend, and each has a value that was made for it.
func (r *modelRun) scan(e store) {
	fn, _ := e.tab.Function("kv_range")
	last := ""
	_, err := e.Call(r.t.Context(), &fn, []any{nil, nil, nil}, func(row ...any) error {
		k, v := row[0].(string), row[1].(string)
		if k <= last && last != "" {
			r.t.Errorf("key %.40q behind %.40q", k, last)
		}
		if !strings.HasPrefix(v, k+"=") && v != "" {
			r.t.Errorf("the value of %.40q is %.80q", k, v)
		}
		last = k
		return nil
	})
	var refused *rmgr.Error
	if err != nil && (!errors.As(err, &refused) || refused.Code == "XX001") && e.Err() == nil {
		r.t.Errorf("scan: %v", err)
	}
}

// compare looks at what is there after a crash.
func (r *modelRun) compare(e store) {
	r.t.Helper()
	fn, _ := e.tab.Function("kv_range")
	found := map[string]string{}
	if _, err := e.Call(r.t.Context(), &fn, []any{nil, nil, nil}, func(row ...any) error {
		found[row[0].(string)] = row[1].(string)
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	if n := e.count(); n != int64(len(found)) {
		r.t.Errorf("kv_count is %d, there are %d", n, len(found))
	}
	if _, _, err := call(e.Engine, e.tab, "kv_check"); err != nil {
		r.t.Error(err)
	}
	of := make([]map[string]string, len(r.sessions))
	for i := range of {
		of[i] = map[string]string{}
	}
	for k, v := range found {
		of[k[len(k)-1]-'0'][k] = v
	}
	for i, session := range r.sessions {
		session.settle(r.t, of[i])
	}
}

// A modelSession is a client with keys of its own: those that end in its number.
type modelSession struct {
	id    int
	rng   *rand.Rand
	was   map[string]string // what it had when the round began
	now   map[string]string // with all operations of the round
	ops   []modelOp
	done  atomic.Int64 // of ops, acknowledged
	acked int          // of ops, at the moment of the crash
}

// A modelOp sets a key, or deletes it.
type modelOp struct {
	key, value string
	keep       bool
}

func (s *modelSession) begin() {
	s.now, s.ops = maps.Clone(s.was), nil
	s.done.Store(0)
	s.acked = 0
}

// operate does one thing; false is the end of the server.
func (s *modelSession) operate(t *testing.T, p store) bool {
	op := modelOp{key: s.key(), keep: s.rng.IntN(100) < 55}
	if op.keep {
		op.value = s.value(op.key)
	}
	old, had := s.now[op.key]
	s.ops = append(s.ops, op)
	var want, got any
	var end wal.LSN
	var err error
	var before, after any
	if had {
		before = old
	}
	if op.keep {
		after = op.value
	}
	switch {
	case s.rng.IntN(4) == 0:
		got, end, err = call(p.Engine, p.tab, "kv_cas", op.key, before, after)
		want = true
	case op.keep:
		got, end, err = call(p.Engine, p.tab, "kv_put", op.key, op.value)
		want = got
	default:
		got, end, err = call(p.Engine, p.tab, "kv_delete", op.key)
		want = had
	}
	if sqlState(err) == "54000" { // too long for format 1
		s.ops = s.ops[:len(s.ops)-1]
		return true
	}
	if err == nil && end != 0 {
		err = p.Log().Flush(end)
	}
	if err != nil {
		if p.Err() == nil && sqlState(err) == "XX001" {
			t.Errorf("%.60q: %v", op.key, err)
		}
		return false
	}
	if got != want {
		t.Errorf("%.60q, there before: %t: got %v, want %v", op.key, had, got, want)
		return false
	}
	if op.keep {
		s.now[op.key] = op.value
	} else {
		delete(s.now, op.key)
	}
	s.done.Add(1)
	return true
}

var modelSizes = []int{0, 1, 7, 8, 9, 100, 500, 1022, 1023}

func (s *modelSession) key() string {
	n := s.rng.IntN(60)
	size := modelSizes[n%len(modelSizes)]
	return strings.Repeat(string(rune('a'+n%3)), size)[:size/2] + fmt.Sprintf("%02d", n) + strings.Repeat("k", max(0, size-size/2-2)) + fmt.Sprint(s.id)
}

func (s *modelSession) value(key string) string {
	if s.rng.IntN(30) == 0 {
		return ""
	}
	n := s.rng.IntN(60)
	switch s.rng.IntN(12) {
	case 0:
		n = 2032 - len(key) - s.rng.IntN(3) + 1
	case 1:
		n = s.rng.IntN(9000)
	case 2:
		n = (1+s.rng.IntN(20))*8152 + s.rng.IntN(3) - 1
	case 3:
		n = s.rng.IntN(900)
	}
	v := key + "=" + fmt.Sprint(len(s.ops)) + "/"
	return v + strings.Repeat(string(rune('A'+s.rng.IntN(26))), max(0, n-len(v)))
}

// settle finds which of its operations the crash has left.
func (s *modelSession) settle(t *testing.T, found map[string]string) {
	t.Helper()
	state := maps.Clone(s.was)
	for n := 0; ; n++ {
		if n >= s.acked && maps.Equal(state, found) {
			s.was = state
			s.ops, s.acked = nil, 0
			return
		}
		if n == len(s.ops) {
			break
		}
		if op := s.ops[n]; op.keep {
			state[op.key] = op.value
		} else {
			delete(state, op.key)
		}
	}
	t.Errorf("session %d: the %d keys found are not those after any of its operations %d to %d", s.id, len(found), s.acked, len(s.ops))
}

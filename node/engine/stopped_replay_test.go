package engine_test

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestReplayThatWaitsForRoomCanBeStopped stops replay while a full disk keeps it at a record: no record
// after that one may be replayed, and when there is room replay goes on with it.
func TestReplayThatWaitsForRoomCanBeStopped(t *testing.T) {
	for how, stop := range map[string]func(*testing.T, store, store, engine.Options, *vfs.Fault) store{
		"to follow a new timeline": func(t *testing.T, p, s store, _ engine.Options, full *vfs.Fault) store {
			other, _ := standbyOf(t, p, kv.Module)
			defer other.Abort()
			follow(t, p.Engine, other.Engine)
			promote(t, other.Engine, 2)
			history, err := other.Log().ReadHistory(2)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Follow(2, history); err != nil {
				t.Fatal(err)
			}
			full.Clear()
			return s
		},
		"to restart": func(t *testing.T, _, s store, o engine.Options, full *vfs.Fault) store {
			full.Clear()
			closeEngine(t, s.Engine)
			return storeOf(t, open(t, o), o)
		},
	} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newStore(t, vfs.NewMem(), keepLog)
				defer p.Abort()
				o := options(t, clone(t, p.Engine), kv.Module)
				full := vfs.NewFault(o.FS)
				o.FS = full
				s := storeOf(t, open(t, o), o)
				p.put(key(0), value(0))
				follow(t, p.Engine, s.Engine)
				full.Add(&vfs.Rule{Op: vfs.OpWrite, Path: "12510?", Err: syscall.ENOSPC})
				for i := range 200 {
					p.put(key(i), value(i))
					p.put(key(0), value(i)) // needs no room: it could be replayed before what needs some
				}
				ship(t, p.Engine, s.Engine, 5000)
				synctest.Wait()
				if pause := s.ReplayPause(); pause == nil || pause.Reason != "NoSpace" {
					t.Fatalf("pause is %+v", pause)
				}
				s = stop(t, p, s, o, full)
				defer func() { s.Abort() }()
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if pause := s.ReplayPause(); pause != nil {
					t.Errorf("once there is room, pause is still %+v", pause)
				}
				if got, want := rows(s), rows(p); !slices.Equal(got, want) {
					t.Errorf("%d rows here, %d on the primary, or other ones", len(got), len(want))
				}
				promote(t, s.Engine, s.History().Timeline()+1)
			})
		})
	}
}

// rows are all pairs, in order.
func rows(s store) (all []string) {
	s.t.Helper()
	fn, _ := s.tab.Function("kv_range")
	_, err := s.Call(context.Background(), &fn, []any{"", nil, nil}, func(row ...any) error {
		all = append(all, row[0].(string)+"="+row[1].(string))
		return nil
	})
	if err != nil {
		s.t.Error(err)
	}
	return all
}

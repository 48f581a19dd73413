package engine_test

import (
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestAPromotionCutShort cuts the power before every operation of a promotion to a new timeline. The next
// start can be promoted to the same timeline, also after it has got more log, to the next one, or follow
// another that was.
func TestAPromotionCutShort(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	defer p.Abort()
	p.put("a", "1")
	m := clone(t, p.Engine)
	so := options(t, m, kv.Module)
	s := storeOf(t, open(t, so), so)
	other, _ := standbyOf(t, p, kv.Module)
	defer other.Abort()
	p.put("b", "2")
	follow(t, p.Engine, s.Engine)
	p.put("c", "3")
	follow(t, p.Engine, other.Engine)
	promote(t, other.Engine, 3)
	other.put("d", "4")
	history, err := other.Log().ReadHistory(3)
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))

	m.Record()
	promote(t, s.Engine, 2)
	promoted := m.Ops()
	s.Abort()
	for at := range promoted + 1 {
		for _, variant := range []int{0, 1, 2, 3, 6} {
			for how, next := range map[string]func(store){
				"the same timeline": func(s store) { promote(s.t, s.Engine, 2); s.put("x", "y") },
				"the next timeline": func(s store) { promote(s.t, s.Engine, 3); s.put("x", "y") },
				"the same timeline, later": func(s store) {
					if s.History().Timeline() == 2 {
						return
					}
					follow(s.t, p.Engine, s.Engine)
					promote(s.t, s.Engine, 2)
					if got := s.get("c"); got != "3" {
						s.t.Fatalf("c is %v", got)
					}
				},
				"another": func(s store) {
					if h := s.History(); h.Timeline() == 2 {
						if s.Positions().Replay > h[1].Begin {
							return // it has diverged
						}
						if err := s.Follow(1, nil); err != nil {
							s.t.Fatal(err)
						}
					}
					follow(s.t, p.Engine, s.Engine)
					if err := s.Follow(3, history); err != nil {
						s.t.Fatal(err)
					}
					follow(s.t, other.Engine, s.Engine)
					if got := s.get("d"); got != "4" {
						s.t.Fatalf("d is %v", got)
					}
				},
			} {
				o := so
				o.FS, o.Log = m.Crash(at, variant), quiet
				ok := t.Run(fmt.Sprintf("%d/%d/%s", at, variant, how), func(t *testing.T) {
					e := open(t, o)
					defer e.Abort()
					s := storeOf(t, e, o)
					next(s)
					if s.get("a") != "1" || s.get("b") != "2" {
						t.Error("rows are lost")
					}
					disk := o.FS.(*vfs.Mem).PowerCut(variant)
					e.Abort()
					o.FS = disk
					again := storeOf(t, open(t, o), o)
					defer again.Abort()
					if again.get("a") != "1" || again.get("b") != "2" {
						t.Error("rows are lost later")
					}
				})
				if !ok {
					return
				}
			}
		}
	}
}

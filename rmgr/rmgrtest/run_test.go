package rmgrtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// A counter is a manager with one page and one number on it, sound unless spoilt.
type counter struct {
	redo     func(ctx rmgr.RedoContext, rec *wal.Record) error
	describe func(w io.Writer, rec *wal.Record)
	mask     func(page []byte)
}

const counterID wal.RmgrID = 199

var one = rmgr.FormatRange{Min: 1, Max: 1}

func (counter) Name() string { return "counter" }
func (counter) Identify(info uint8) string {
	if info&0xF0 == 0 {
		return "ADD"
	}
	return ""
}
func (c counter) Redo(ctx rmgr.RedoContext, rec *wal.Record) error { return c.redo(ctx, rec) }
func (c counter) Describe(w io.Writer, rec *wal.Record)            { c.describe(w, rec) }
func (c counter) Mask(page []byte, _ uint32)                       { c.mask(page) }

func sound() counter {
	return counter{redo: redoSound, mask: rmgr.MaskPage, describe: func(w io.Writer, rec *wal.Record) { fmt.Fprintf(w, "%d bytes", len(rec.Main)) }}
}

func redoSound(ctx rmgr.RedoContext, rec *wal.Record) error {
	if err := rmgr.CheckFormat(ctx, rec, one); err != nil {
		return err
	}
	if rec.Op() != 0 || len(rec.Main) != 8 || len(rec.Blocks) != 1 {
		return errors.New("malformed")
	}
	p, action, err := ctx.Block(rec, rec.Blocks[0].ID)
	if err != nil || action != rmgr.NeedsRedo {
		return err
	}
	add(p, rec)
	return nil
}

func add(p []byte, rec *wal.Record) {
	if page.IsNew(p) {
		page.Init(p, 0)
		page.SetLower(p, 32)
	}
	binary.LittleEndian.PutUint64(p[24:], binary.LittleEndian.Uint64(p[24:])+binary.LittleEndian.Uint64(rec.Main))
}

func counterModule(c rmgr.Manager) rmgr.Module {
	id := counterID
	return rmgr.Module{Name: "counter", Version: "1.0.0",
		Managers: []rmgr.Registration{{ID: counterID, Manager: c, Writes: one, Replays: one}},
		Functions: []rmgr.Function{{Name: "add", Args: []rmgr.Column{{Name: "n", Type: rmgr.Int8}}, Strict: true, Write: &id,
			Returns: []rmgr.Column{{Name: "lsn", Type: rmgr.PgLSN}},
			Call: func(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
				n, err := s.Blocks(rmgr.Rel(counterID, 0), wal.ForkMain)
				if err != nil {
					return err
				}
				lsn, err := s.Emit(rmgr.NewRecord{Rmgr: counterID, Main: binary.LittleEndian.AppendUint64(nil, uint64(args[0].(int64))),
					Blocks: []rmgr.NewBlock{{Rel: rmgr.Rel(counterID, 0), WillInit: n == 0}}, Transactional: true})
				if err != nil {
					return err
				}
				return row(lsn)
			}}},
	}
}

func TestSoundModulePasses(t *testing.T) { Run(t, counterModule(sound())) }

// The kit finds each fault that it is there for.
func TestSpoiltModulesAreFound(t *testing.T) {
	calls := 0
	for says, tc := range map[string]struct {
		spoil func(*counter)
		want  string // part of what the kit says
	}{
		"redo depends on what happened before": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				p, action, err := ctx.Block(rec, 0)
				if calls++; err == nil && action == rmgr.NeedsRedo {
					add(p, rec)
					p[24] = byte(calls)
				}
				return err
			}
		}, "differs"},
		"redo keeps where the record stands": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				err := redoSound(ctx, rec)
				if p, action, _ := ctx.Block(rec, 0); err == nil && action == rmgr.NeedsRedo {
					page.SetLower(p, 40)
					binary.LittleEndian.PutUint64(p[32:], uint64(rec.LSN))
				}
				return err
			}
		}, "differs"},
		"redo keeps the transaction": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				err := redoSound(ctx, rec)
				if p, action, _ := ctx.Block(rec, 0); err == nil && action == rmgr.NeedsRedo {
					page.SetLower(p, 40)
					binary.LittleEndian.PutUint32(p[32:], rec.Xid)
				}
				return err
			}
		}, "differs"},
		"redo is done again on a page that has it": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				p, _, err := ctx.Block(rec, 0)
				if err == nil && p != nil && len(rec.Main) == 8 {
					add(p, rec)
				}
				return err
			}
		}, "already has the change"},
		"redo changes, then looks": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				if p, action, _ := ctx.Block(rec, 0); action == rmgr.NeedsRedo && p != nil {
					p[30]++
				}
				return redoSound(ctx, rec)
			}
		}, "has changed"},
		"a page holds something where it says that it is free": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				err := redoSound(ctx, rec)
				if p, action, _ := ctx.Block(rec, 0); err == nil && action == rmgr.NeedsRedo {
					page.SetLower(p, 24)
				}
				return err
			}
		}, "between pd_lower 24 and pd_upper 8192, is not zero"},
		"a page has a header that cannot be": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				err := redoSound(ctx, rec)
				if p, action, _ := ctx.Block(rec, 0); err == nil && action == rmgr.NeedsRedo {
					page.SetLower(p, page.Size+1)
				}
				return err
			}
		}, "with an impossible header: lower 8193, upper 8192"},
		"redo panics on a short record": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				_ = rec.Main[7]
				return redoSound(ctx, rec)
			}
		}, "panic"},
		"any info value is replayed": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				plain := *rec
				plain.Info = 0
				return redoSound(ctx, &plain)
			}
		}, "an info value that is not known was applied"},
		"what follows the record's fields is overlooked": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				short := *rec
				short.Main = short.Main[:min(8, len(short.Main))]
				return redoSound(ctx, &short)
			}
		}, "70,000 bytes too many was applied"},
		"describe panics on a short record": {func(c *counter) {
			c.describe = func(w io.Writer, rec *wal.Record) { fmt.Fprint(w, rec.Main[7]) }
		}, "panic"},
		"describe prints lines": {func(c *counter) {
			c.describe = func(w io.Writer, rec *wal.Record) { fmt.Fprintln(w, "x") }
		}, "more than one line"},
		"mask hides what redo does": {func(c *counter) {
			c.mask = func(p []byte) {
				rmgr.MaskPage(p)
				clear(p[24:])
			}
		}, "Mask hides all that ADD changes"},
		"any format is replayed on a page that is there": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
				if len(rec.Blocks) == 1 && !rec.Blocks[0].WillInit {
					if p, _, _ := ctx.Block(rec, 0); p == nil {
						return errors.New("no page")
					}
					ctx = anyFormat{ctx}
				}
				return redoSound(ctx, rec)
			}
		}, "does not declare"},
		"mask leaves the LSN": {func(c *counter) { c.mask = func([]byte) {} }, "not masked"},
		"any format is replayed": {func(c *counter) {
			c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error { return redoSound(anyFormat{ctx}, rec) }
		}, "does not declare"},
	} {
		t.Run(says, func(t *testing.T) {
			c := sound()
			tc.spoil(&c)
			if got := failures(counterModule(c)); !strings.Contains(got, tc.want) {
				t.Errorf("the kit says %q, nothing of %q", got, tc.want)
			}
		})
	}
}

type anyFormat struct{ rmgr.RedoContext }

func (anyFormat) Format() rmgr.Format { return 1 }

// failures is what the checks say about a module.
func failures(m rmgr.Module) string {
	r := &recorder{}
	rng := rand.New(rand.NewPCG(1, 15))
	e := NewEngine(m)
	reg := m.Managers[0]
	r.run(func() { Arbitrary(m, 60)(r, e, rng) })
	r.run(func() { replicaEquals(r, e) })
	r.run(func() { redoTwice(r, e) })
	r.run(func() { redoAfterCrash(r, e, rng) })
	if _, ok := reg.Manager.(rmgr.Pagewise); ok {
		r.run(func() { pagewise(r, e, reg) })
	}
	r.run(func() { describeAndDecode(r, e, reg) })
	r.run(func() { emptyHoles(r, e) })
	r.run(func() { masking(r, e, reg) })
	r.run(func() { readers(r, e, m, rng) })
	r.run(func() { hostile(r, e, reg, rng) })
	r.run(func() { formatRefusals(r, e, reg) })
	r.run(func() { refusals(r, e, reg) })
	r.run(func() { panicking(r, e, reg) })
	return r.text.String()
}

// A recorder is a test that keeps what is said.
type recorder struct {
	testing.TB
	text strings.Builder
}

func (r *recorder) run(check func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		check()
	}()
	<-done
}

func (r *recorder) Helper()                        {}
func (r *recorder) Errorf(format string, a ...any) { fmt.Fprintf(&r.text, format+"\n", a...) }
func (r *recorder) Error(a ...any)                 { fmt.Fprintln(&r.text, a...) }
func (r *recorder) Fatalf(format string, a ...any) {
	r.Errorf(format, a...)
	runtime.Goexit()
}
func (r *recorder) Fatal(a ...any) {
	r.Error(a...)
	runtime.Goexit()
}

// A primary whose module panics refuses the write, and nothing of it stays.
func TestAPanicOnThePrimaryRefusesTheWrite(t *testing.T) {
	broken := false
	c := sound()
	c.redo = func(ctx rmgr.RedoContext, rec *wal.Record) error {
		err := redoSound(ctx, rec)
		if broken {
			panic("a bug")
		}
		return err
	}
	e := NewEngine(counterModule(c))
	if _, err := e.Call("add", 1); err != nil {
		t.Fatal(err)
	}
	before := e.Pages.Clone()
	broken = true
	_, err := e.Call("add", 1)
	var panicked *rmgr.PanicError
	if !errors.As(err, &panicked) || panicked.LSN != wal.InvalidLSN || panicked.Value != "a bug" {
		t.Errorf("got %v", err)
	}
	if key, differ := e.Differ(before, e.Pages); differ || len(e.Log) != 1 {
		t.Errorf("block %d has changed: %t; %d records are logged", key.Block, differ, len(e.Log))
	}
	broken = false
	if _, err := e.Call("add", 1); err != nil {
		t.Error(err)
	}
}

// starting is a counter that has something to do before and after a recovery.
type starting struct {
	counter
	startup, cleanup func() error
}

func (s starting) Startup() error { return s.startup() }
func (s starting) Cleanup() error { return s.cleanup() }

func TestSpoiltStartersAreFound(t *testing.T) {
	fine := func() error { return nil }
	Run(t, counterModule(starting{sound(), fine, fine}))
	for want, s := range map[string]starting{
		"startup: no": {sound(), func() error { return errors.New("no") }, fine},
		"startup of resource manager counter panicked: oops": {sound(), func() error { panic("oops") }, fine},
		"cleanup: no": {sound(), fine, func() error { return errors.New("no") }},
	} {
		if got := failures(counterModule(s)); !strings.Contains(got, want) {
			t.Errorf("the kit says %q, nothing of %q", got, want)
		}
	}
}

package rmgrtest

import (
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// BenchmarkRedo replays the log of a workload, again and again from its beginning, on pages that are
// changed in place: what is measured, per record, is the module's redo and nothing of an engine.
func BenchmarkRedo(b *testing.B, m rmgr.Module, work ...Workload) {
	if len(work) == 0 {
		work = []Workload{Arbitrary(m, 5000)}
	}
	e := NewEngine(m)
	for _, w := range work {
		w(b, e, rand.New(rand.NewPCG(15, 15)))
	}
	r := m.Managers[0]
	ctx := &inPlace{pages: Pages{}, format: e.Format(r.ID)}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%len(e.Log) == 0 {
			for _, p := range ctx.pages {
				clear(p)
			}
		}
		if err := r.Manager.Redo(ctx, &e.Log[i%len(e.Log)].Record); err != nil {
			b.Fatal(err)
		}
	}
}

// inPlace is a RedoContext that copies nothing and remembers nothing.
type inPlace struct {
	pages  Pages
	format rmgr.Format
}

func (*inPlace) Keep([]byte)              {}
func (c *inPlace) Format() rmgr.Format    { return c.format }
func (*inPlace) Replaying() bool          { return true }
func (*inPlace) Signal(int, string) error { return nil }
func (*inPlace) Log() *slog.Logger        { return slog.New(slog.DiscardHandler) }

func (c *inPlace) Block(rec *wal.Record, id uint8) ([]byte, rmgr.RedoAction, error) {
	ref := &rec.Blocks[id]
	key := PageKey{ref.Rel, ref.Fork, ref.Block}
	p, ok := c.pages[key]
	if !ok {
		p = make([]byte, page.Size)
		c.pages[key] = p
	}
	if ref.WillInit {
		clear(p)
	}
	return p, rmgr.NeedsRedo, nil
}

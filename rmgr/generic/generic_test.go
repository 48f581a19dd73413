package generic_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/generic"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

var module = rmgr.Module{Name: "generic", Version: "15.0.0",
	Managers: []rmgr.Registration{{ID: generic.ID, Manager: generic.Manager{},
		Writes: rmgr.FormatRange{Min: 1, Max: 1}, Replays: rmgr.FormatRange{Min: 1, Max: 1}}}}

var rel = rmgr.Rel(generic.ID, 0)

// work writes records that change one to four pages at random places.
func work(t testing.TB, e *rmgrtest.Engine, rng *rand.Rand) {
	for range 150 {
		rec := rmgr.NewRecord{Rmgr: generic.ID}
		for block := range uint32(4) {
			if rng.IntN(3) == 0 && len(rec.Blocks) < 4 {
				old, exists := e.Pages[rmgrtest.PageKey{Rel: rel, Block: block}]
				if !exists {
					old = make([]byte, page.Size)
				}
				delta, err := generic.Delta(old, scribble(old, rng))
				if err != nil {
					t.Fatal(err)
				}
				rec.Blocks = append(rec.Blocks, rmgr.NewBlock{Rel: rel, Block: block, WillInit: !exists, Data: delta})
			}
		}
		if len(rec.Blocks) > 0 {
			if _, err := e.Emit(rec); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// scribble is a page with other bytes in it, none in its hole.
func scribble(old []byte, rng *rand.Rand) []byte {
	p := bytes.Clone(old)
	if page.IsNew(p) {
		page.Init(p, 16)
	}
	page.SetLower(p, page.HeaderSize+rng.IntN(3000))
	page.SetUpper(p, page.Lower(p)+rng.IntN(3000))
	for range rng.IntN(20) {
		at, n := page.HeaderSize+rng.IntN(page.Size-page.HeaderSize-50), rng.IntN(50)
		for i := range n {
			p[at+i] = byte(rng.Uint32())
		}
	}
	clear(p[page.Lower(p):page.Upper(p)])
	return p
}

func TestConformance(t *testing.T) { rmgrtest.Run(t, module, work) }

func FuzzRedo(f *testing.F)     { rmgrtest.FuzzRedo(f, module, work) }
func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, module, work) }

func BenchmarkRedo(b *testing.B) { rmgrtest.BenchmarkRedo(b, module, work) }

func TestDeltaMakesTheNewPage(t *testing.T) {
	e := rmgrtest.NewEngine(module)
	rng := rand.New(rand.NewPCG(9, 9))
	key := rmgrtest.PageKey{Rel: rel}
	old := make([]byte, page.Size)
	for i := range 500 {
		want := scribble(old, rng)
		delta, err := generic.Delta(old, want)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Emit(rmgr.NewRecord{Rmgr: generic.ID, Blocks: []rmgr.NewBlock{{Rel: rel, WillInit: i == 0, Data: delta}}}); err != nil {
			t.Fatal(err)
		}
		got := bytes.Clone(e.Pages[key])
		page.SetLSN(got, page.LSN(want))
		if !bytes.Equal(got, want) {
			t.Fatalf("page %d differs", i)
		}
		old = e.Pages[key]
	}
}

// Up to four equal bytes are cheaper to repeat than to leave out.
func TestDeltaMergesSmallGaps(t *testing.T) {
	old := make([]byte, page.Size)
	page.Init(old, 0)
	page.SetLower(old, 1000)
	want := bytes.Clone(old)
	want[100], want[105], want[111] = 1, 2, 3 // four equal bytes between, then five
	delta, err := generic.Delta(old, want)
	if err != nil {
		t.Fatal(err)
	}
	if golden := []byte{100, 0, 6, 0, 1, 0, 0, 0, 0, 2, 111, 0, 1, 0, 3}; !bytes.Equal(delta, golden) {
		t.Errorf("got %v, want %v", delta, golden)
	}
	if _, err := generic.Delta(old, make([]byte, page.Size)); err == nil {
		t.Error("a page without a header has a delta")
	}
}

func TestDescribePrintsMainDataAsPgWaldump(t *testing.T) {
	var out bytes.Buffer
	generic.Manager{}.Describe(&out, &wal.Record{Main: []byte{100, 0, 1, 0, 7, 200, 0, 2, 0, 1, 2}})
	if got, want := out.String(), "offset 100, length 1; offset 200, length 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

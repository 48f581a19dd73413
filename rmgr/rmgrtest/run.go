package rmgrtest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// A Workload writes records with a module's functions.
type Workload func(t testing.TB, e *Engine, rng *rand.Rand)

// Run is the conformance test of a module: everything once for each format that it writes. Without a
// workload it calls the module's writing functions with arguments drawn by type ([Arbitrary]).
func Run(t *testing.T, m rmgr.Module, work ...Workload) {
	if len(work) == 0 {
		work = []Workload{Arbitrary(m, 400)}
	}
	t.Run("the table takes it", func(t *testing.T) { NewEngine(m) })
	for _, r := range m.Managers {
		for f := r.Writes.Min; f <= r.Writes.Max; f++ {
			t.Run(fmt.Sprintf("%s format %d", r.Manager.Name(), f), func(t *testing.T) { runFormat(t, m, r, f, work) })
		}
	}
}

func runFormat(t *testing.T, m rmgr.Module, r rmgr.Registration, f rmgr.Format, work []Workload) {
	for _, images := range []bool{false, true} {
		e := NewEngine(m)
		e.Images = images
		e.SetFormat(r.ID, f)
		rng := rand.New(rand.NewPCG(uint64(f), 15))
		for _, w := range work {
			w(t, e, rng)
		}
		if len(e.Log) == 0 {
			t.Fatal("the workload wrote nothing")
		}
		if len(e.Signals) > 0 {
			t.Error("a record signalled the process that wrote it: only a process that replays is signalled")
		}
		name := "without images: "
		if images {
			name = "with images: "
		}
		t.Run(name+"a replica equals its primary", func(t *testing.T) { replicaEquals(t, e) })
		t.Run(name+"redo twice is redo once", func(t *testing.T) { redoTwice(t, e) })
		t.Run(name+"redo after any crash", func(t *testing.T) { redoAfterCrash(t, e, rng) })
		if _, ok := r.Manager.(rmgr.Pagewise); ok {
			t.Run(name+"redo of each page apart is redo", func(t *testing.T) { pagewise(t, e, r) })
		}
		if images {
			continue
		}
		t.Run("every record can be described and decoded", func(t *testing.T) { describeAndDecode(t, e, r) })
		t.Run("masking", func(t *testing.T) { masking(t, e, r) })
		t.Run("hostile bytes", func(t *testing.T) { hostile(t, e, r, rng) })
		t.Run("records that cannot be are refused", func(t *testing.T) { refusals(t, e, r) })
		t.Run("a panic in redo is an error", func(t *testing.T) { panicking(t, e, r) })
		t.Run("formats that it does not replay are refused", func(t *testing.T) { formatRefusals(t, e, r) })
	}
}

func replicaEquals(t testing.TB, e *Engine) {
	replica := Pages{}
	if err := e.Replay(replica, 0); err != nil {
		t.Fatal(err)
	}
	if key, differ := e.Differ(e.Pages, replica); differ {
		t.Errorf("block %d of %s differs", key.Block, key.Rel)
	}
}

func redoTwice(t testing.TB, e *Engine) {
	once, twice := Pages{}, Pages{}
	for i, entry := range e.Log {
		m, _ := e.table.Lookup(entry.Record.Rmgr)
		if err := errors.Join(once.Apply(m, entry, nil), twice.Apply(m, entry, nil)); err != nil {
			t.Fatal(err)
		}
		if err := twice.Apply(m, entry, nil); err != nil {
			t.Fatalf("record %d (%s) again: %v", i, m.Identify(entry.Record.Info), err)
		}
		for _, b := range entry.Record.Blocks {
			key := PageKey{b.Rel, b.Fork, b.Block}
			if !bytes.Equal(once[key], twice[key]) {
				t.Fatalf("record %d (%s) twice: block %d of %s differs", i, m.Identify(entry.Record.Info), b.Block, b.Rel)
			}
		}
	}
}

// redoAfterCrash stops after each record (some, in a long log), keeps any subset of the pages, each
// as some record before left it, and replays from the beginning and from the point of the crash.
func redoAfterCrash(t testing.TB, e *Engine, rng *rand.Rand) {
	stops := 60
	step := max(1, len(e.Log)/stops)
	before := []Pages{{}}
	for i, entry := range e.Log {
		m, _ := e.table.Lookup(entry.Record.Rmgr)
		now := before[len(before)-1].Clone()
		if err := now.Apply(m, entry, nil); err != nil {
			t.Fatal(err)
		}
		before = append(before, now)
		if i%step != 0 {
			continue
		}
		rest := now.Clone()
		if err := e.Replay(rest, i+1); err != nil {
			t.Fatalf("from record %d on: %v", i+1, err)
		}
		if key, differ := e.Differ(e.Pages, rest); differ {
			t.Fatalf("replayed from record %d on: block %d of %s differs", i+1, key.Block, key.Rel)
		}
		written := Pages{}
		for key := range now {
			if p := before[rng.IntN(len(before))][key]; p != nil && rng.IntN(3) > 0 {
				written[key] = p
			}
		}
		if err := e.Replay(written, 0); err != nil {
			t.Fatalf("after a crash at record %d: %v", i, err)
		}
		if key, differ := e.Differ(e.Pages, written); differ {
			t.Fatalf("after a crash at record %d: block %d of %s differs", i, key.Block, key.Rel)
		}
	}
}

func describeAndDecode(t testing.TB, e *Engine, r rmgr.Registration) {
	describer, _ := r.Manager.(rmgr.Describer)
	decoder, _ := r.Manager.(rmgr.Decoder)
	for i, entry := range e.Log {
		rec := entry.Record
		if rec.Rmgr != r.ID {
			continue
		}
		if id := r.Manager.Identify(rec.Info); id == "" || strings.Contains(id, r.Manager.Name()+"/") {
			t.Fatalf("record %d is identified as %q", i, id)
		}
		if describer != nil {
			var out bytes.Buffer
			describer.Describe(&out, &rec)
			if strings.ContainsAny(out.String(), "\n\r") {
				t.Fatalf("record %d is described in more than one line: %q", i, out.String())
			}
			if strings.Contains(out.String(), "malformed") {
				t.Fatalf("record %d, its own, is described as %q", i, out.String())
			}
		}
		if decoder != nil {
			err := decoder.Decode(&rec, entry.Format, func(c rmgr.Change) {
				if c.Action == "" {
					t.Errorf("record %d decodes into a change without an action", i)
				}
				for name, v := range c.Columns {
					switch v.(type) {
					case nil, string, int64, bool, []byte:
					default:
						t.Errorf("record %d: column %s is a %T", i, name, v)
					}
				}
			})
			if err != nil {
				t.Fatalf("record %d (%s) does not decode: %v", i, r.Manager.Identify(rec.Info), err)
			}
		}
	}
	for info := range 256 {
		if a, b := r.Manager.Identify(uint8(info)), r.Manager.Identify(uint8(info)&0xF0); a != b {
			t.Errorf("Identify(%02X) is %q, without the flags %q", info, a, b)
		}
	}
}

func masking(t testing.TB, e *Engine, r rmgr.Registration) {
	masker, ok := r.Manager.(rmgr.Masker)
	if !ok {
		t.Skip("it masks nothing")
	}
	for key, p := range e.Pages {
		a, b := bytes.Clone(p), bytes.Clone(p)
		page.SetLSN(b, 0x1234567890)
		page.SetChecksum(b, key.Block)
		for i := page.Lower(b); i < page.Upper(b); i++ {
			b[i] ^= 0x5A
		}
		masker.Mask(a, key.Block)
		masker.Mask(b, key.Block)
		if !bytes.Equal(a, b) {
			t.Errorf("block %d: LSN, checksum and hole are not masked", key.Block)
		}
		if len(a) != page.Size {
			t.Errorf("block %d has changed its size", key.Block)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		masker.Mask(noise(rng, page.Size), rng.Uint32())
	}
}

// hostile changes each record and the pages it meets in many ways: redo may succeed (the change may
// have hit a value) or fail, but it must not panic, and when it fails no page may have changed.
func hostile(t testing.TB, e *Engine, r rmgr.Registration, rng *rand.Rand) {
	pages := Pages{}
	step := max(1, len(e.Log)/40)
	for i, entry := range e.Log {
		if entry.Record.Rmgr == r.ID && (i < 20 || i%step == 0) {
			for cut := range min(len(entry.Record.Main)+1, 80) {
				rec := entry.Record
				rec.Main = rec.Main[:cut:cut]
				tryHostile(t, r, pages, rec, entry.Format)
			}
			for range 60 {
				tryHostile(t, r, mutatePages(pages, rng), mutate(entry.Record, rng), entry.Format)
			}
		}
		if err := pages.Apply(r.Manager, entry, nil); err != nil && entry.Record.Rmgr == r.ID {
			t.Fatal(err)
		}
	}
}

func tryHostile(t testing.TB, r rmgr.Registration, pages Pages, rec wal.Record, f rmgr.Format) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("panic on op %02X, main %x: %v\n%s", rec.Op(), rec.Main, p, debug.Stack())
		}
	}()
	ctx := &redoContext{pages: pages, format: f, replaying: true, force: true}
	if err := r.Manager.Redo(ctx, &rec); err != nil {
		if key, changed := ctx.changed(); changed {
			t.Errorf("op %02X, main %x: error %q, yet block %d of %s has changed", rec.Op(), rec.Main, err, key.Block, key.Rel)
		}
	} else if err := ctx.keptAll(r.Manager, &rec); err != nil {
		t.Errorf("op %02X, main %x: %v", rec.Op(), rec.Main, err)
	}
	foreseeHostile(t, r, pages, &rec)
	describeHostile(r, &rec, f)
}

// foreseeHostile lets a Foreseer look at the pages that rec names: it must not change them.
func foreseeHostile(t testing.TB, r rmgr.Registration, pages Pages, rec *wal.Record) {
	t.Helper()
	f, ok := r.Manager.(rmgr.Foreseer)
	if !ok {
		return
	}
	for i := range rec.Blocks {
		ref := &rec.Blocks[i]
		contents := bytes.Clone(pages[PageKey{ref.Rel, ref.Fork, ref.Block}])
		before := bytes.Clone(contents)
		for round := range rmgr.ForeseeRounds {
			f.Foresee(contents, rec, ref, round, nil)
		}
		if !bytes.Equal(contents, before) {
			t.Errorf("op %02X, main %x: Foresee changes block %d of %s", rec.Op(), rec.Main, ref.Block, ref.Rel)
		}
	}
}

func describeHostile(r rmgr.Registration, rec *wal.Record, f rmgr.Format) {
	r.Manager.Identify(rec.Info)
	if d, ok := r.Manager.(rmgr.Describer); ok {
		var out bytes.Buffer
		d.Describe(&out, rec)
	}
	if d, ok := r.Manager.(rmgr.Decoder); ok {
		_ = d.Decode(rec, f, func(rmgr.Change) {}) // any error will do
		_ = d.Decode(rec, 0, func(rmgr.Change) {})
	}
}

// mutate changes a copy of a record.
func mutate(rec wal.Record, rng *rand.Rand) wal.Record {
	rec.Main = mutateBytes(rec.Main, rng)
	blocks := append([]wal.BlockRef(nil), rec.Blocks...)
	for i := range blocks {
		if rng.IntN(3) == 0 {
			blocks[i].Data = mutateBytes(blocks[i].Data, rng)
		}
		if rng.IntN(6) == 0 {
			blocks[i].WillInit = !blocks[i].WillInit
		}
		if rng.IntN(6) == 0 {
			blocks[i].Block = uint32(rng.IntN(6))
		}
		if rng.IntN(20) == 0 {
			blocks[i].Rel.Rel++
		}
	}
	if len(blocks) > 0 && rng.IntN(8) == 0 {
		blocks = blocks[:rng.IntN(len(blocks))]
	}
	rec.Blocks = blocks
	if rng.IntN(8) == 0 {
		rec.Info = uint8(rng.Uint32())
	}
	return rec
}

func mutateBytes(b []byte, rng *rand.Rand) []byte {
	b = bytes.Clone(b)
	switch rng.IntN(6) {
	case 0:
		return noise(rng, rng.IntN(300))
	case 1:
		return append(b, noise(rng, 1+rng.IntN(9))...)
	case 2:
		return b[:rng.IntN(len(b)+1)]
	case 3:
		return b
	}
	for range 1 + rng.IntN(4) {
		if len(b) > 0 {
			b[rng.IntN(min(len(b), 40))] = byte(rng.Uint32())
		}
	}
	return b
}

// mutatePages damages some bytes, most of them in headers, in copies of the pages.
func mutatePages(p Pages, rng *rand.Rand) Pages {
	if rng.IntN(2) == 0 {
		return p
	}
	out := p.Clone()
	for key, b := range p {
		b = bytes.Clone(b)
		for range 1 + rng.IntN(3) {
			switch rng.IntN(3) {
			case 0:
				b[10+rng.IntN(14)] = byte(rng.Uint32())
			case 1:
				b[24+rng.IntN(64)] = byte(rng.Uint32())
			case 2:
				b[rng.IntN(len(b))] = byte(rng.Uint32())
			}
		}
		if rng.IntN(20) == 0 {
			b = noise(rng, page.Size)
		}
		out[key] = b
	}
	return out
}

func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func formatRefusals(t testing.TB, e *Engine, r rmgr.Registration) {
	if !r.ID.Custom() {
		t.Skip("a built-in manager has no formats")
	}
	for i, entry := range e.Log {
		if entry.Record.Rmgr != r.ID {
			continue
		}
		ctx := &redoContext{pages: Pages{}, format: r.Replays.Max + 1, replaying: true, force: true}
		if err := r.Manager.Redo(ctx, &entry.Record); err == nil {
			t.Fatalf("record %d was replayed as format %d, which it does not declare", i, r.Replays.Max+1)
		}
		if i > 50 {
			break
		}
	}
}

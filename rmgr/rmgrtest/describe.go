package rmgrtest

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal/page"
)

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
	hidden(t, e, r)
}

// hidden looks for operations of whose changes nothing is left once a page is masked: neither
// wal_consistency_checking nor this kit would find a replica that differs.
func hidden(t testing.TB, e *Engine, r rmgr.Registration) {
	pages, changes, seen := Pages{}, map[string]bool{}, map[string]bool{}
	for _, entry := range e.Log {
		m, _ := e.table.Lookup(entry.Record.Rmgr)
		op, before := m.Identify(entry.Record.Info), pages.Clone()
		if err := pages.Apply(m, entry, nil); err != nil {
			t.Fatal(err)
		}
		for _, b := range entry.Record.Blocks {
			key := PageKey{b.Rel, b.Fork, b.Block}
			if was, is := before[key], pages[key]; entry.Record.Rmgr == r.ID && was != nil && !bytes.Equal(was[8:], is[8:]) {
				changes[op] = true
				seen[op] = seen[op] || !bytes.Equal(e.masked(before, key), e.masked(pages, key))
			}
		}
	}
	for op := range changes {
		if !seen[op] {
			t.Errorf("Mask hides all that %s changes: nobody would find a replica that differs", op)
		}
	}
}

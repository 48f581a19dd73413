package rmgrtest

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// history is a log and the pages before each of its records.
type history struct {
	reg    rmgr.Registration
	log    []Entry
	before []Pages
}

func record(f *testing.F, m rmgr.Module, work []Workload) history {
	if len(work) == 0 {
		work = []Workload{Arbitrary(m, 120)}
	}
	h := history{reg: m.Managers[0]}
	for format := h.reg.Writes.Min; format <= h.reg.Writes.Max; format++ {
		e := NewEngine(m)
		e.SetFormat(h.reg.ID, format)
		for _, w := range work {
			w(f, e, rand.New(rand.NewPCG(7, uint64(format))))
		}
		pages := Pages{}
		for _, entry := range e.Log {
			h.log, h.before = append(h.log, entry), append(h.before, pages.Clone())
			if err := pages.Apply(h.reg.Manager, entry, nil); err != nil {
				f.Fatal(err)
			}
		}
	}
	return h
}

// FuzzRedo fuzzes the redo of the module's first manager: records of a workload with other bytes, on
// the pages they met or damaged ones. Redo must not panic, nor change a page when it fails.
func FuzzRedo(f *testing.F, m rmgr.Module, work ...Workload) {
	h := record(f, m, work)
	seen := map[uint8]int{}
	for i, entry := range h.log {
		if seen[entry.Record.Info]++; seen[entry.Record.Info] > 2 {
			continue
		}
		var data []byte
		for _, b := range entry.Record.Blocks {
			data = append(data, b.Data...)
		}
		f.Add(uint16(i), entry.Record.Info, entry.Record.Main, data, uint16(0), byte(0))
	}
	f.Fuzz(func(t *testing.T, number uint16, info uint8, main, data []byte, at uint16, with byte) {
		i := int(number) % len(h.log)
		rec, pages := h.log[i].Record, h.before[i]
		rec.Info, rec.Main = info, main
		rec.Blocks = append([]wal.BlockRef(nil), rec.Blocks...)
		for j := range rec.Blocks {
			if rec.Blocks[j].Data != nil {
				rec.Blocks[j].Data = data
			}
		}
		if with != 0 {
			pages = pages.Clone()
			for key, b := range pages {
				b = bytes.Clone(b)
				b[int(at)%len(b)] ^= with
				pages[key] = b
			}
		}
		tryHostile(t, h.reg, pages, rec, h.log[i].Format)
	})
}

// FuzzDescribe fuzzes what people and decoding clients get of a record: it must not panic.
func FuzzDescribe(f *testing.F, m rmgr.Module, work ...Workload) {
	h := record(f, m, work)
	seen := map[uint8]int{}
	for _, entry := range h.log {
		if seen[entry.Record.Info]++; seen[entry.Record.Info] <= 3 {
			f.Add(entry.Record.Info, entry.Record.Main, uint16(entry.Format))
		}
	}
	f.Fuzz(func(t *testing.T, info uint8, main []byte, format uint16) {
		describeHostile(h.reg, &wal.Record{Info: info, Main: main}, rmgr.Format(format))
	})
}

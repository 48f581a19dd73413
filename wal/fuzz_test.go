package wal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
)

func FuzzPage(f *testing.F) {
	f.Add(unhex(f, "10d1060001000000000000070000000000000000000000 00e54453b51d42016b0000000100200000"))
	f.Add(unhex(f, "10d105000100000000200007000000004001000000000000"))
	seedPages(f, func(header []byte) { f.Add(header) })
	f.Fuzz(func(t *testing.T, src []byte) {
		h, err := wal.DecodePageHeader(src)
		if err != nil {
			return
		}
		back := make([]byte, h.Size())
		h.Encode(back)
		binary.LittleEndian.PutUint32(src[20:], 0) // padding
		if !bytes.Equal(back, src[:h.Size()]) {
			t.Errorf("decoded %+v, encoded %x, was %x", h, back, src[:h.Size()])
		}
		wal.PageCheck{SegmentSize: seg}.Validate(&h, h.Addr)
	})
}

// FuzzRecord decodes hostile bodies under a valid header and sum, and builds what it decoded again.
func FuzzRecord(f *testing.F) {
	for _, g := range goldenRecords {
		f.Add(unhex(f, g.bytes))
	}
	seedRecords(f, func(raw []byte) { f.Add(raw) })
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < wal.RecordHeaderSize {
			return
		}
		h := wal.DecodeRecordHeader(raw)
		h.Total, h.CRC = uint32(len(raw)), 0
		h.Encode(raw)
		h.CRC = wal.CRC32C(raw[wal.RecordHeaderSize:], raw[:wal.RecordHeaderSize-4])
		h.Encode(raw)
		var rec wal.Record
		if wal.DecodeRecord(raw, 0x1000, &rec) != nil {
			return
		}
		again := rebuild(&rec)
		if again == nil {
			return
		}
		var second wal.Record
		if err := wal.DecodeRecord(again, 0x1000, &second); err != nil {
			t.Fatalf("built from %+v: %v", rec, err)
		}
		if !bytes.Equal(second.Main, rec.Main) || len(second.Blocks) != len(rec.Blocks) || second.Origin != rec.Origin || second.TopXid != rec.TopXid {
			t.Fatalf("built %+v from %+v", second, rec)
		}
		for i := range rec.Blocks {
			if !sameBlock(rec.Blocks[i], second.Blocks[i]) {
				t.Fatalf("block %+v became %+v", rec.Blocks[i], second.Blocks[i])
			}
			page := make([]byte, wal.PageSize)
			if rec.Blocks[i].HasImage() {
				if err := wal.RestoreImage(&rec.Blocks[i], page); err != nil && !errors.Is(err, wal.ErrCorrupt) {
					t.Fatal(err)
				}
			}
		}
	})
}

func rebuild(rec *wal.Record) []byte {
	var b wal.Builder
	b.Begin(rec.Rmgr, rec.Info)
	b.SetXid(rec.Xid)
	b.SetOrigin(rec.Origin)
	b.SetTopXid(rec.TopXid)
	for _, r := range rec.Blocks {
		b.AddBlock(r)
	}
	b.AddMain(rec.Main)
	if b.Finish() != nil {
		return nil
	}
	return b.Seal(rec.Prev)
}

// FuzzReader reads a damaged log: it must end, with an error that says where, and never give out a
// record that was not written.
func FuzzReader(f *testing.F) {
	f.Add(uint32(100), []byte{1}, uint32(0))
	f.Add(uint32(8192), make([]byte, 600), uint32(8192*3))
	f.Add(uint32(8192*2+2), []byte{0x0D}, uint32(40))
	whole := written(9)
	f.Fuzz(func(t *testing.T, off uint32, damage []byte, from uint32) {
		log := bytes.Clone(whole.bytes)
		copy(log[int(off)%len(log):], damage)
		r := reader(fixed(log))
		if from == 0 {
			r.Seek(seg)
		} else if _, err := r.FindFirst(seg + wal.LSN(int(from)%len(log))); err != nil {
			return
		}
		for {
			rec, err := r.Next()
			if err != nil {
				var at *wal.RecordError
				if !errors.As(err, &at) {
					t.Fatalf("error without a position: %v", err)
				}
				return
			}
			if len(rec.Main) > 0 && rec.Main[0] != rec.Main[len(rec.Main)-1] && len(damage) < 8 {
				t.Fatalf("record at %s was never written", rec.LSN)
			}
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add(uint32(4), []byte(history))
	f.Add(uint32(2), []byte("# comment\n\n1\t0/9\t"))
	f.Fuzz(func(t *testing.T, tli uint32, contents []byte) {
		h, err := wal.ParseHistory(wal.TimelineID(tli), contents)
		if err != nil {
			return
		}
		var file []byte
		for _, e := range h[:len(h)-1] {
			file = wal.AppendHistory(file, e.Timeline, e.End, e.Reason)
		}
		again, err := wal.ParseHistory(wal.TimelineID(tli), file)
		if err != nil || len(again) != len(h) {
			t.Fatalf("%q became %q: %v", contents, file, err)
		}
		for i := range h {
			if again[i].Timeline != h[i].Timeline || again[i].End != h[i].End || again[i].Begin != h[i].Begin {
				t.Fatalf("%+v became %+v", h, again)
			}
		}
		if at := h.TLIAt(1 << 50); at != h.Timeline() && h[len(h)-1].Begin <= 1<<50 {
			t.Fatalf("%+v: far away is timeline %d", h, at)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(unhex(f, goldenRecords["CHECKPOINT_ONLINE"].bytes)[26:])
	f.Fuzz(func(t *testing.T, main []byte) {
		c, err := wal.DecodeCheckpoint(main)
		if err != nil {
			return
		}
		if again, err := wal.DecodeCheckpoint(c.Append(nil)); err != nil || again != c {
			t.Fatalf("%+v became %+v, %v", c, again, err)
		}
	})
}

func FuzzPayload(f *testing.F) {
	for _, p := range payloads {
		f.Add(p.value.Append(nil), uint8(0))
	}
	f.Add(unhex(f, goldenRecords["COMMIT"].bytes)[26:], wal.XactHasInfo)
	f.Fuzz(func(t *testing.T, main []byte, info uint8) {
		for name, p := range payloads {
			_, back, err := p.decode(main)
			if err != nil {
				continue
			}
			if _, again, err := p.decode(back); err != nil || !bytes.Equal(again, back) {
				t.Fatalf("%s: %x became %x, %v", name, back, again, err)
			}
		}
		wal.DecodeXactEnd(info, main)
	})
}

func FuzzImage(f *testing.F) {
	f.Add([]byte{0x08, 'a', 'b', 'c', 0x03, 0x03}, wal.ImagePGLZ, uint16(9), uint16(8183))
	f.Add([]byte{0x10, 'a', 0, 0}, wal.ImageLZ4, uint16(0), uint16(0))
	f.Add([]byte{0x28, 0xB5, 0x2F, 0xFD, 0, 0}, wal.ImageZstd, uint16(0), uint16(0))
	f.Fuzz(func(t *testing.T, img []byte, info uint8, off, hole uint16) {
		page := make([]byte, wal.PageSize)
		b := wal.BlockRef{Image: img, ImageInfo: info, HoleOffset: off, HoleLength: hole}
		if err := wal.RestoreImage(&b, page); err != nil && !errors.Is(err, wal.ErrCorrupt) {
			t.Fatal(err)
		}
	})
}

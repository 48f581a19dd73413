package wal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
)

const seg = 1 << 20

// A tape is a log in memory that starts at segment 1; it is a PageSource.
type tape struct {
	bytes []byte
	limit wal.LSN // 0: none
	chunk int     // bytes handed out at a time; 0: as many as there are

	pos, prev wal.LSN
	starts    []wal.LSN
	magic     wal.PageMagic
	tli       wal.TimelineID
	flags     uint16 // for the next page
}

func newTape() *tape { return &tape{pos: seg, magic: wal.PageMagic15, tli: 1} }

func (s *tape) ReadPages(page wal.LSN, need int) ([]byte, error) {
	end := wal.LSN(seg + len(s.bytes))
	if s.limit != 0 && page+wal.LSN(need) > s.limit {
		return nil, wal.ErrNotYet
	}
	if page < seg || page+wal.LSN(need) > end {
		return nil, wal.ErrNoPage
	}
	if s.limit != 0 {
		end = min(end, s.limit)
	}
	if s.chunk != 0 {
		end = min(end, page+wal.LSN(max(need, s.chunk)))
	}
	return bytes.Clone(s.bytes[page-seg : end-seg]), nil // a copy: views must not be used too long
}

// at is the byte at lsn, there for a test to damage.
func (s *tape) at(lsn wal.LSN) *byte { return &s.bytes[lsn-seg] }

func (s *tape) grow(end wal.LSN) {
	if n := int(end-seg) - len(s.bytes); n > 0 {
		s.bytes = append(s.bytes, make([]byte, n)...)
	}
}

// put appends a finished record.
func (s *tape) put(b *wal.Builder) (start, end wal.LSN) {
	raw := b.Seal(s.prev)
	start = wal.RecordStart(s.pos, seg)
	end = wal.RecordEnd(start, uint32(len(raw)), seg)
	for len(raw) > 0 {
		if s.pos%wal.PageSize == 0 {
			s.page(s.pos, uint32(len(raw)), len(raw) == b.Len())
		}
		s.grow(wal.PageStart(s.pos) + wal.PageSize)
		n := copy(s.bytes[s.pos-seg:wal.PageStart(s.pos)+wal.PageSize-seg], raw)
		raw, s.pos = raw[n:], s.pos+wal.LSN(n)
	}
	s.prev, s.pos = start, end
	s.starts = append(s.starts, start)
	return start, end
}

func (s *tape) page(at wal.LSN, left uint32, first bool) {
	h := wal.PageHeader{Magic: s.magic, Info: s.flags, Timeline: s.tli, Addr: at}
	s.flags = 0
	if !first {
		h.Info, h.RemLen = h.Info|wal.PageFirstIsContRecord, left
	}
	if at%seg == 0 {
		h.Info |= wal.PageLongHeader
		h.SystemID, h.SegmentSize, h.BlockSize = goldenSystem, seg, wal.PageSize
	}
	s.grow(at + wal.PageSize)
	h.Encode(s.bytes[at-seg:])
	s.pos = at + wal.LSN(h.Size())
}

// record makes a record of size bytes of main data, all of them n.
func record(n byte, size int) *wal.Builder {
	var b wal.Builder
	b.Begin(wal.RmgrExperimental, 0x10)
	b.AddMain(bytes.Repeat([]byte{n}, size))
	if err := b.Finish(); err != nil {
		panic(err)
	}
	return &b
}

// written is a log of n records of many sizes; 40 lie in one segment, 120 reach into the next.
func written(n int) *tape {
	s := newTape()
	for i := range n {
		s.put(record(byte(i), []int{1, 100, 9000, 40_000, 8136}[i%5]))
	}
	return s
}

func reader(src wal.PageSource) *wal.Reader {
	return wal.NewReader(src, wal.ReaderOptions{SegmentSize: seg, SystemID: goldenSystem})
}

func TestReaderReadsAllRecords(t *testing.T) {
	for _, chunk := range []int{0, wal.PageSize, 3*wal.PageSize + 100} {
		s := written(120)
		s.chunk = chunk
		r := reader(s)
		r.Seek(seg)
		for i, start := range s.starts {
			rec, err := r.Next()
			if err != nil || rec.LSN != start || rec.Main[0] != byte(i) || rec.Main[len(rec.Main)-1] != byte(i) {
				t.Fatalf("chunk %d, record %d: %+v, %v", chunk, i, rec, err)
			}
		}
		if _, err := r.Next(); !errors.Is(err, wal.ErrTornTail) {
			t.Errorf("at the end: %v, want ErrTornTail", err)
		}
		if r.End() != s.pos || r.Last() != s.prev {
			t.Errorf("end %s, last %s, want %s, %s", r.End(), r.Last(), s.pos, s.prev)
		}
	}
}

func TestReaderResumesWhenMoreIsThere(t *testing.T) {
	s := written(120)
	s.limit = seg
	r := reader(s)
	r.Seek(seg)
	n := 0
	for ; s.limit <= s.pos; s.limit += 4096 + 8 {
		for {
			rec, err := r.Next()
			if err == wal.ErrNotYet {
				break
			}
			if err != nil || rec.LSN != s.starts[n] {
				t.Fatalf("record %d, limit %s: %+v, %v", n, s.limit, rec, err)
			}
			if rec.End > s.limit+7 {
				t.Fatalf("record %d ends at %s, but only %s was there", n, rec.End, s.limit)
			}
			n++
		}
	}
	if n < len(s.starts)-1 {
		t.Errorf("%d of %d records", n, len(s.starts))
	}
}

func TestReaderFindsTheFirstRecordAfterAnyPosition(t *testing.T) {
	s := written(120)
	for at := wal.LSN(seg); at <= s.prev; at += 1000 {
		var want wal.LSN
		for _, start := range s.starts {
			if start >= at {
				want = start
				break
			}
		}
		r := reader(s)
		got, err := r.FindFirst(at)
		if err != nil || got != want {
			t.Fatalf("first record from %s: %s, %v, want %s", at, got, err, want)
		}
		if rec, err := r.Next(); err != nil || rec.LSN != want {
			t.Fatalf("next after FindFirst: %+v, %v, want %s", rec, err, want)
		}
	}
}

func TestReaderReadsPostgreSQL15To18(t *testing.T) {
	for _, magic := range []wal.PageMagic{wal.PageMagic15, wal.PageMagic16, wal.PageMagic17, wal.PageMagic18} {
		s := newTape()
		s.magic = magic
		s.put(record(1, 10))
		r := reader(s)
		r.Seek(seg)
		if _, err := r.Next(); err != nil || r.Magic() != magic {
			t.Errorf("%04X: %v", magic, err)
		}
	}
}

func TestReaderSkipsToTheNextSegmentAfterASwitch(t *testing.T) {
	s := newTape()
	s.put(record(1, 10))
	var b wal.Builder
	b.Begin(wal.RmgrXLOG, wal.XLogSwitch)
	b.Finish()
	s.put(&b)
	s.grow(2 * seg)
	s.pos = 2 * seg
	s.put(record(2, 10))
	r := reader(s)
	r.Seek(seg)
	r.Next()
	if rec, err := r.Next(); err != nil || rec.End != 2*seg {
		t.Errorf("switch: %+v, %v; want its end at the segment's", rec, err)
	}
	if rec, err := r.Next(); err != nil || rec.LSN != 2*seg+40 {
		t.Errorf("after the switch: %+v, %v", rec, err)
	}
}

// TestReaderPassesOverARecordLostInACrash: the log ended inside a record; recovery went on at the page
// where its continuation was missing.
func TestReaderPassesOverARecordLostInACrash(t *testing.T) {
	s := newTape()
	s.put(record(1, 10))
	valid := s.prev
	lost, _ := s.put(record(2, 20_000))
	missing := wal.PageStart(lost) + 2*wal.PageSize
	clear(s.bytes[missing-seg:])

	r := reader(s)
	r.Seek(seg)
	r.Next()
	_, err := r.Next()
	var at *wal.RecordError
	if !errors.As(err, &at) || !errors.Is(err, wal.ErrTornTail) || at.LSN != lost || at.Missing != missing {
		t.Fatalf("torn record: %v (%+v), want it at %s, missing %s", err, at, lost, missing)
	}

	s.pos, s.prev, s.flags = missing, valid, wal.PageFirstIsOverwriteContRecord
	var b wal.Builder
	b.Begin(wal.RmgrXLOG, wal.XLogOverwriteContRecord)
	b.AddMain(wal.OverwriteContRecord{Overwritten: lost}.Append(nil))
	b.Finish()
	s.put(&b)
	s.put(record(3, 10))

	r.Seek(seg)
	r.Next()
	rec, err := r.Next()
	if err != nil || rec.LSN != missing+24 {
		t.Fatalf("record after the lost one: %+v, %v", rec, err)
	}
	if v, err := wal.DecodeOverwriteContRecord(rec.Main); err != nil || v.Overwritten != lost {
		t.Errorf("overwrites %s, %v, want %s", v.Overwritten, err, lost)
	}
	if rec.PassedOver != lost {
		t.Errorf("passed over %s, want %s", rec.PassedOver, lost)
	}
	if rec, err := r.Next(); err != nil || rec.Main[0] != 3 || rec.PassedOver != 0 {
		t.Errorf("reading goes on: %+v, %v", rec, err)
	}
	for _, from := range []wal.LSN{lost, missing} {
		want := lost
		if from == missing {
			want = 0 // who begins here has passed over nothing
		}
		if _, err := r.FindFirst(from + 8); err != nil {
			t.Fatal(err)
		}
		if rec, err := r.Next(); err != nil || rec.LSN != missing+24 || rec.PassedOver != want {
			t.Errorf("from %s on the first record is %+v, %v, want it at %s, having passed over %s", from, rec, err, missing+24, want)
		}
	}
}

// The page that says that a record was lost may come before the record on it does.
func TestALiveReaderRemembersWhatItPassedOver(t *testing.T) {
	s := newTape()
	lost, _ := s.put(record(2, 20_000))
	missing := wal.PageStart(lost) + wal.PageSize
	s.pos, s.prev, s.flags = missing, 0, wal.PageFirstIsOverwriteContRecord
	s.put(record(3, 10))
	s.limit = missing + 24
	r := reader(s)
	r.Seek(seg)
	if _, err := r.Next(); !errors.Is(err, wal.ErrNotYet) {
		t.Fatalf("with half of the page: %v, want %v", err, wal.ErrNotYet)
	}
	s.limit = s.pos
	if rec, err := r.Next(); err != nil || rec.PassedOver != lost {
		t.Errorf("got %+v, %v, want to have passed over %s", rec, err, lost)
	}
}

// TestALowerTimelineIsNoTornTail: a crash leaves pages of other addresses behind, not of other timelines.
func TestALowerTimelineIsNoTornTail(t *testing.T) {
	s := written(40)
	at := s.starts[22]
	*s.at(wal.PageStart(at) + wal.PageSize + 4) = 0
	checkStop(t, s, 0, at, "read page", wal.ErrCorrupt)
}

func TestReaderStopsAtDamage(t *testing.T) {
	// Record 21 lies within a page of segment 1; record 22 crosses pages.
	s := written(40)
	small, large := s.starts[21], s.starts[22]
	second := wal.PageStart(large) + wal.PageSize
	tests := map[string]struct {
		damage func(s *tape)
		at     wal.LSN
		op     string
	}{
		"a byte of the body":        {func(s *tape) { *s.at(small + 50) ^= 1 }, small, "check crc"},
		"a byte of the checksum":    {func(s *tape) { *s.at(small + 20) ^= 1 }, small, "check crc"},
		"the unused header bytes":   {func(s *tape) { *s.at(small + 18) = 1 }, small, "check crc"},
		"the link backwards":        {func(s *tape) { *s.at(small + 8) ^= 8 }, small, "read header"},
		"an impossible manager":     {func(s *tape) { *s.at(small + 17) = 22 }, small, "read header"},
		"length zero":               {func(s *tape) { clear(s.bytes[small-seg : small-seg+4]) }, small, "read header"},
		"length below a header":     {func(s *tape) { *s.at(small) = 23 }, small, "read header"},
		"length beyond all limits":  {func(s *tape) { *s.at(small + 3) = 0x7F }, small, "read header"},
		"a zero page in a record":   {func(s *tape) { clear(s.bytes[second-seg : second-seg+8192]) }, large, "read page"},
		"another page's address":    {func(s *tape) { *s.at(second + 9) ^= 0x10 }, large, "read page"},
		"unknown flags":             {func(s *tape) { *s.at(second + 3) = 1 }, large, "read page"},
		"the magic changes":         {func(s *tape) { *s.at(second) = 0x13 }, large, "read page"},
		"no continuation flag":      {func(s *tape) { *s.at(second + 2) &^= 1 }, large, "read continuation"},
		"another length to come":    {func(s *tape) { *s.at(second + 16) ^= 1 }, large, "read continuation"},
		"a byte of the second page": {func(s *tape) { *s.at(second + 100) ^= 1 }, large, "check crc"},
		"the file ends":             {func(s *tape) { s.bytes = s.bytes[:second-seg+100] }, large, "read page"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := written(40)
			tt.damage(s)
			checkStop(t, s, 0, tt.at, tt.op, wal.ErrTornTail)
			checkStop(t, s, tt.at+1, tt.at, tt.op, wal.ErrCorrupt)
			if name == "the file ends" {
				return
			}
			s = written(40)
			s.put(record(9, seg)) // segment 2 begins properly
			tt.damage(s)
			checkStop(t, s, 0, tt.at, tt.op, wal.ErrCorrupt)
		})
	}
}

func checkStop(t *testing.T, s *tape, must, at wal.LSN, op string, verdict error) {
	t.Helper()
	r := wal.NewReader(s, wal.ReaderOptions{SegmentSize: seg, MustReach: must})
	r.Seek(seg)
	for {
		_, err := r.Next()
		if err == nil {
			continue
		}
		var got *wal.RecordError
		if !errors.As(err, &got) || got.LSN != at || got.Op != op || !errors.Is(err, verdict) {
			t.Errorf("must reach %s: stopped with %v, want %q at %s: %v", must, err, op, at, verdict)
		}
		return
	}
}

func TestAnotherSystemsLogIsRefused(t *testing.T) {
	s := written(40)
	binary.LittleEndian.PutUint64(s.bytes[24:], 42)
	r := reader(s)
	r.Seek(seg + 3*wal.PageSize) // not even on the first page
	if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), "system 42") {
		t.Errorf("got %v, want the other system named", err)
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	s := newTape()
	for i := range 2000 {
		s.put(record(byte(i), 700))
	}
	r := reader(fixed(s.bytes))
	r.Seek(seg)
	for range 300 {
		r.Next() // let the buffer grow
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for each record", n)
	}
}

// fixed hands out a log that starts at segment 1 without copying.
type fixed []byte

func (f fixed) ReadPages(page wal.LSN, need int) ([]byte, error) {
	if page < seg || int(page-seg)+need > len(f) {
		return nil, wal.ErrNoPage
	}
	return f[page-seg:], nil
}

package recovery_test

import (
	"fmt"
	"testing"

	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/wal"
)

// A foreseer is a stamp that notes what it is asked.
type foreseer struct {
	stamp
	asked *[]string
}

func (f foreseer) Foresee(page []byte, rec *wal.Record, ref *wal.BlockRef, round int, at []uint16) []uint16 {
	*f.asked = append(*f.asked, fmt.Sprintf("%s %d.%d in %q", rec.Main, ref.Block, round, page[24:25]))
	return append(at, 24, 8000)
}

// The pages of the records that come next are looked at, in rounds, before the first of them is applied;
// a page that is not in memory, or that the record before names, is not.
func TestPagesAreForeseenInRounds(t *testing.T) {
	var asked []string
	a, _ := applier(t, foreseer{stamp{}, &asked})
	for block := range uint32(2) {
		if err := a.Apply(stampRecord(1000, "x", wal.BlockRef{Block: block, WillInit: true}), 1); err != nil {
			t.Fatal(err)
		}
	}
	log := newOnePage()
	log.add(t, "a", 0)
	log.add(t, "b", 1)
	log.add(t, "c", 1)
	log.add(t, "d", 9)
	log.add(t, "e", 0)
	reader := wal.NewReader(log, wal.ReaderOptions{SegmentSize: onePageSegment})
	reader.Seek(log.at)
	first, err := reader.Next()
	if err != nil {
		t.Fatal(err)
	}
	var ahead recovery.Ahead
	rest := ahead.Read(reader, first, a)
	if len(rest) != 4 {
		t.Fatalf("%d records were read ahead", len(rest))
	}
	want := []string{`a 0.0 in "x"`, `b 1.0 in "x"`, `e 0.0 in "x"`, `a 0.1 in "x"`, `b 1.1 in "x"`, `e 0.1 in "x"`}
	if fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
}

// Workers that replay up to the same place must do the same records, though there is more log on the page
// for the one that reads it later: what one leaves out is not done by anybody.
func TestWhatComesBehindIsLeftAlone(t *testing.T) {
	a, _ := applier(t, stamp{})
	log := newOnePage()
	for _, what := range []string{"a", "b", "c", "d"} {
		log.add(t, what, 0)
	}
	reader := wal.NewReader(log, wal.ReaderOptions{SegmentSize: onePageSegment})
	reader.Seek(log.at)
	var ends []wal.LSN
	for range 2 {
		rec, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, rec.End)
	}
	reader.Seek(log.at)
	var ahead recovery.Ahead
	did := ""
	err := ahead.Each(t.Context(), reader, ends[1], a, func(rec *wal.Record) error {
		did += string(rec.Main)
		return nil
	})
	if err != nil || did != "ab" || reader.End() != ends[1] {
		t.Errorf("did %q up to %s, %v; want ab up to %s", did, reader.End(), err, ends[1])
	}
}

const onePageSegment = 1 << 20

// onePage is a log that consists of the second page of its second segment, and of what the reader
// wants to see of the first.
type onePage struct {
	bytes    []byte
	at       wal.LSN
	pos      wal.LSN
	previous wal.LSN
}

func newOnePage() *onePage {
	l := &onePage{bytes: make([]byte, 2*wal.PageSize), at: onePageSegment + wal.PageSize}
	long := wal.PageHeader{Magic: wal.PageMagic15, Info: wal.PageLongHeader, Timeline: 1, Addr: onePageSegment,
		SegmentSize: onePageSegment, BlockSize: wal.PageSize}
	long.Encode(l.bytes)
	short := wal.PageHeader{Magic: wal.PageMagic15, Timeline: 1, Addr: l.at}
	short.Encode(l.bytes[wal.PageSize:])
	l.pos = l.at + wal.LSN(short.Size())
	return l
}

func (l *onePage) ReadPages(page wal.LSN, need int) ([]byte, error) {
	if from := int(page - onePageSegment); from+need <= len(l.bytes) {
		return l.bytes[from:], nil
	}
	return nil, wal.ErrNotYet
}

// add appends a stamp of one page.
func (l *onePage) add(t testing.TB, main string, block uint32) {
	t.Helper()
	var b wal.Builder
	b.Begin(stampID, 0)
	b.AddBlock(wal.BlockRef{ID: 0, Rel: stampRel, Block: block})
	b.AddMain([]byte(main))
	if err := b.Finish(); err != nil {
		t.Fatal(err)
	}
	n := copy(l.bytes[l.pos-onePageSegment:], b.Seal(l.previous))
	l.previous, l.pos = l.pos, l.pos+wal.LSN(wal.Align8(n))
}

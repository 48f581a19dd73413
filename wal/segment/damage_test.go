package segment_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

var everyByte = flag.Bool("every-byte", false, "damage every byte of the segments instead of every eleventh")

// image is a log in memory from its second megabyte on, as one slice: damage costs nothing to do and
// to undo.
type image []byte

func (m image) ReadPages(at wal.LSN, need int) ([]byte, error) {
	if at < mib || int(at-mib)+need > len(m) {
		return nil, wal.ErrNoPage
	}
	return m[at-mib : min(len(m), int(at-mib)+3*wal.PageSize)], nil
}

// A known record is one that was written.
type known struct {
	lsn, end wal.LSN
	main     []byte
}

// durableLog is two full segments, the second ended by a switch, and a third that was recycled from
// the first: it has new log up to the returned end, and stale bytes behind.
func durableLog(t *testing.T) (m image, records []known, end wal.LSN) {
	t.Helper()
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem, BufferSize: 64 << 10})
	var b wal.Builder
	sizes := []int{1, 700, 60, 3000, 9, 1200, 20_000, 8120, 100} // within pages, at their edges, across several
	for i := 0; l.InsertLSN() < 3*mib-100_000; i++ {
		l.Insert(message(&b, i, sizes[i%len(sizes)]), 0)
	}
	if _, err := l.SwitchSegment(); err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		l.Insert(message(&b, i, sizes[i%len(sizes)]), 0)
	}
	if err := l.Flush(l.InsertLSN()); err != nil {
		t.Fatal(err)
	}
	end = l.InsertLSN()
	for at := wal.LSN(mib); at < end; at += mib {
		f, err := vfs.ReadFile(mem, "pg_wal/"+wal.SegmentName(1, at, mib))
		if err != nil {
			t.Fatal(err)
		}
		m = append(m, f...)
	}
	behind := wal.PageStart(end) + wal.PageSize - mib // the page that end lies in is padded with zeros
	copy(m[behind:], m[behind-2*mib:2*mib-mib])
	r := wal.NewReader(m, wal.ReaderOptions{SegmentSize: mib, SystemID: system})
	for r.Seek(mib); ; {
		rec, err := r.Next()
		if err != nil {
			break
		}
		records = append(records, known{rec.LSN, rec.End, bytes.Clone(rec.Main)})
	}
	if r.End() != end {
		t.Fatalf("the log ends at %s, want %s", r.End(), end)
	}
	return m, records, end
}

// judge reads a log from a little before what was damaged until well behind it, or to its end, and
// tells whether the damage was noticed. It is an error if a record comes that was not written, or if
// the log ends early as if its tail were torn.
func judge(m image, records []known, from, to wal.LSN, must wal.LSN) (noticed bool, err error) {
	i := max(0, sort.Search(len(records), func(i int) bool { return records[i].lsn > from })-2)
	r := wal.NewReader(m, wal.ReaderOptions{SegmentSize: mib, SystemID: system, MustReach: must})
	r.Seek(records[i].lsn)
	for ; ; i++ {
		rec, err := r.Next()
		switch {
		case errors.Is(err, wal.ErrCorrupt):
			return true, nil
		case err != nil && i == len(records):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("the log ends at %s: %w", r.End(), err)
		case i == len(records) || rec.LSN != records[i].lsn || rec.End != records[i].end || !bytes.Equal(rec.Main, records[i].main):
			return false, fmt.Errorf("a record that was never written comes at %s", rec.LSN)
		case rec.LSN > to+wal.PageSize:
			return false, nil
		}
	}
}

// witnesses are how it is known that the log was durable: the segment after the damaged one was begun,
// or somebody remembers a position.
var witnesses = map[string]struct {
	first, last wal.LSN // segments that are damaged
	must        bool
}{
	"middle segments, by the one that follows": {1, 2, false},
	"middle segments, by a position":           {1, 2, true},
	"the last segment, by a position":          {3, 3, true},
}

// TestEveryDamagedByteIsNoticedOrHarmless changes each byte of whole segments, page headers, padding
// and the recycled tail included.
func TestEveryDamagedByteIsNoticedOrHarmless(t *testing.T) {
	t.Parallel()
	m, records, end := durableLog(t)
	step := 11
	if *everyByte {
		step = 1
	}
	for name, w := range witnesses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, must := image(bytes.Clone(m)), wal.LSN(0)
			if w.must {
				must = records[len(records)-1].lsn + 1
			}
			noticed := 0
			for at := w.first * mib; at < (w.last+1)*mib; at += wal.LSN(step) {
				i := at - mib
				was := m[i]
				m[i] ^= 1 << (at % 8) // a single bit, which a sum notices least
				seen, err := judge(m, records, at, at, must)
				m[i] = was
				if err != nil {
					t.Fatalf("bit %d of the byte at %s: %v", at%8, at, err)
				}
				if seen {
					noticed++
				}
			}
			whole := (w.last+1)*mib - w.first*mib
			if w.last == 3 {
				whole = end - 3*mib
			}
			if share := float64(noticed*step) / float64(whole); share < 0.8 {
				t.Errorf("only %.2f of the bytes of log matter: this test shows nothing", share)
			}
		})
	}
}

// TestEveryDamagedSectorIsNoticedOrHarmless does what disks do: sectors become zeros, noise, or what
// they were before the segment was recycled.
func TestEveryDamagedSectorIsNoticedOrHarmless(t *testing.T) {
	t.Parallel()
	clean, records, _ := durableLog(t)
	noise := rand.NewChaCha8([32]byte{1})
	damages := map[string]func(sector []byte, at int){
		"zeros": func(s []byte, _ int) { clear(s) },
		"noise": func(s []byte, _ int) { noise.Read(s) },
		"stale": func(s []byte, at int) { copy(s, clean[(at+mib)%len(clean):]) },
		"moved": func(s []byte, at int) { copy(s, clean[max(0, at-512):]) },
	}
	for name, w := range witnesses {
		for what, damage := range damages {
			m, must := image(bytes.Clone(clean)), wal.LSN(0)
			if w.must {
				must = records[len(records)-1].lsn + 1
			}
			for _, size := range []wal.LSN{512, 4096, 3 * 4096} {
				for at := w.first * mib; at < (w.last+1)*mib; at += size {
					if at/mib != (at+size-1)/mib {
						continue // another file
					}
					i := int(at - mib)
					damage(m[i:i+int(size)], i)
					_, err := judge(m, records, at, at+size, must)
					copy(m[i:i+int(size)], clean[i:])
					if err != nil {
						t.Fatalf("%s: %d bytes of %s at %s: %v", name, size, what, at, err)
					}
				}
			}
		}
	}
}

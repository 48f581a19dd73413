package disk_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/test/power/disk"
)

const blocks = 64

// block is a block full of one byte.
func block(b byte) []byte { return bytes.Repeat([]byte{b}, disk.BlockSize) }

// logPage is the first half of a page of the log, with b in each of its sectors.
func logPage(b byte) []byte {
	p := block(b)
	binary.LittleEndian.PutUint16(p, 0xD110)
	binary.LittleEndian.PutUint16(p[2:], 0)
	binary.LittleEndian.PutUint32(p[4:], 1)
	binary.LittleEndian.PutUint64(p[8:], 8192)
	return p
}

func write(t *testing.T, d *disk.Disk, n int, b []byte) {
	t.Helper()
	if err := d.WriteAt(b, int64(n)*disk.BlockSize); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, d *disk.Disk, n int) []byte {
	t.Helper()
	b := make([]byte, disk.BlockSize)
	if err := d.ReadAt(b, int64(n)*disk.BlockSize); err != nil {
		t.Fatal(err)
	}
	return b
}

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// written is a disk whose even blocks are flushed with 1, and all blocks written with 2 since.
func written(t *testing.T) *disk.Disk {
	d := disk.New(blocks * disk.BlockSize)
	for n := 0; n < blocks; n += 2 {
		write(t, d, n, block(1))
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	for n := range blocks {
		write(t, d, n, block(2))
	}
	return d
}

func TestWhatSurvivesAPowerCut(t *testing.T) {
	for how := range disk.Survivals {
		t.Run(how.String(), func(t *testing.T) {
			d := written(t)
			d.Cut()
			loss := d.Restore(random(), how)
			var pattern []byte
			for n := range blocks {
				b := read(t, d, n)
				old := byte((n + 1) % 2)
				if !bytes.Equal(b, block(2)) && !bytes.Equal(b, block(old)) {
					t.Fatalf("block %d begins with %d and is neither old nor new", n, b[0])
				}
				pattern = append(pattern, b[0])
			}
			kept := bytes.Count(pattern, []byte{2})
			first := len(pattern) - len(bytes.TrimLeft(pattern, "\x02"))
			right := map[disk.Survival]bool{
				disk.Nothing: kept == 0, disk.Everything: kept == blocks, disk.Prefix: kept == first && kept > 0,
				disk.Some: kept > first && kept < blocks, disk.Torn: kept > first && kept < blocks,
			}
			if !right[how] || loss.Cached != blocks || loss.Lost != blocks-kept {
				t.Errorf("%d blocks survived: %v; %+v", kept, pattern, loss)
			}
		})
	}
}

func TestOnlyTheNodesPagesAreTorn(t *testing.T) {
	d := disk.New(blocks * disk.BlockSize)
	for n := 0; n < blocks; n += 4 { // two blocks of a page, two of others
		write(t, d, n, append(logPage(3), block(3)...))
		write(t, d, n+2, append(block(3), block(3)...))
	}
	d.Cut()
	loss := d.Restore(random(), disk.Torn)
	torn := 0
	for n := range blocks {
		b := read(t, d, n)
		kept := 0
		for at := disk.SectorSize - 1; at < len(b); at += disk.SectorSize {
			if b[at] == 3 {
				kept++
			}
		}
		if kept == 0 || kept == disk.BlockSize/disk.SectorSize {
			continue
		}
		torn++
		if n%4 > 1 {
			t.Errorf("block %d, which is no page of the node, has %d sectors of a write", n, kept)
		}
	}
	if torn == 0 || torn != loss.Torn {
		t.Errorf("%d blocks are torn, Restore says %d", torn, loss.Torn)
	}
}

func TestThePowerGoesAtThePlannedRequest(t *testing.T) {
	d := disk.New(blocks * disk.BlockSize)
	d.CutAfter(3)
	write(t, d, 0, block(1))
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteAt(block(2), 0); !errors.Is(err, syscall.EIO) {
		t.Errorf("the third request gives %v, want EIO", err)
	}
	<-d.Off()
	if err := d.Flush(); !errors.Is(err, syscall.EIO) {
		t.Errorf("a flush without power gives %v, want EIO", err)
	}
	d.Restore(random(), disk.Everything) // the write that was cut may have come through
	if got := read(t, d, 0); !bytes.Equal(got, block(2)) {
		t.Errorf("block 0 begins with %d", got[0])
	}
	write(t, d, 0, block(3)) // and nothing is planned any more
}

func TestFaultsStrikeWhatTheyName(t *testing.T) {
	d := disk.New(blocks * disk.BlockSize)
	f := &disk.Fault{Op: disk.Write, Block: disk.IsLogPage, Times: 1, Err: syscall.ENOSPC}
	d.Fail(f)
	write(t, d, 0, block(1))
	if err := d.WriteAt(append(block(1), logPage(1)...), 0); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a request with such a block gives %v, want ENOSPC", err)
	}
	write(t, d, 1, logPage(1))
	if d.Hits(f) != 1 {
		t.Errorf("the fault has struck %d times", d.Hits(f))
	}
	d.Fail(&disk.Fault{Op: disk.Read, Block: disk.IsLogPage, Err: syscall.EIO})
	if err := d.ReadAt(make([]byte, disk.BlockSize), disk.BlockSize); !errors.Is(err, syscall.EIO) {
		t.Errorf("reading such a block gives %v, want EIO", err)
	}
	d.Heal()
	read(t, d, 1)
}

func TestALyingDiskForgets(t *testing.T) {
	d := disk.New(blocks * disk.BlockSize)
	d.Lie()
	write(t, d, 0, block(1))
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	d.Cut()
	d.Restore(random(), disk.Nothing)
	if got := read(t, d, 0); got[0] != 0 {
		t.Errorf("block 0 begins with %d", got[0])
	}
}

func TestACacheThatIsFullIsEmptiedInOrder(t *testing.T) {
	const size = 48 << 20
	d := disk.New(size)
	for at := int64(0); at < size; at += disk.BlockSize {
		if err := d.WriteAt(block(1), at); err != nil {
			t.Fatal(err)
		}
	}
	d.Cut()
	loss := d.Restore(random(), disk.Nothing)
	if first, last := read(t, d, 0), read(t, d, size/disk.BlockSize-1); first[0] != 1 || last[0] != 0 || loss.Cached*disk.BlockSize != 32<<20 {
		t.Errorf("the first block has %d, the last %d; %+v", first[0], last[0], loss)
	}
}

// image is a file in memory.
type image []byte

func (m image) WriteAt(p []byte, at int64) (int, error) { return copy(m[at:], p), nil }

func TestTheImageIsTheDiskAfterTheCut(t *testing.T) {
	d := written(t)
	d.Cut()
	d.Restore(random(), disk.Nothing)
	write(t, d, 0, block(9))
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	m := make(image, blocks*disk.BlockSize)
	if err := d.WriteImage(m); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m[0], m[disk.BlockSize], m[2*disk.BlockSize]); got != "1 0 1" {
		t.Errorf("the first blocks are %s, want 1 0 1", got)
	}
}

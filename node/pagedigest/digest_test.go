package pagedigest_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/node/pagedigest"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// disk is relation 0 of manager 200: three pages, the last all zeros.
type disk struct {
	pages [3][page.Size]byte
	fails error
}

func (d *disk) Blocks(rel wal.RelFileLocator, fork wal.ForkNumber) (uint32, error) {
	if rel == rmgr.Rel(200, 0) && fork == wal.ForkMain {
		return uint32(len(d.pages)), d.fails
	}
	return 0, nil
}

func (d *disk) Page(_ wal.RelFileLocator, _ wal.ForkNumber, block uint32, fn func([]byte)) (bool, error) {
	fn(d.pages[block][:])
	return true, nil
}

// manager masks the first byte behind the header.
type manager struct{ rmgr.Manager }

func (manager) Name() string { return "m" }
func (manager) Mask(contents []byte, _ uint32) {
	rmgr.MaskPage(contents)
	contents[24] = 0
}

func newDisk() *disk {
	d := &disk{}
	for i := range 2 {
		page.Init(d.pages[i][:], 0)
		page.SetLSN(d.pages[i][:], wal.LSN(0x100+i))
		binary.LittleEndian.PutUint16(d.pages[i][12:], 40) // pd_lower and pd_upper: the hole
		binary.LittleEndian.PutUint16(d.pages[i][14:], 8000)
		d.pages[i][page.Size-1] = byte(i)
	}
	return d
}

func TestDigestSeesWhatCountsAndNothingElse(t *testing.T) {
	was, err := pagedigest.Of(newDisk(), 200, manager{})
	if err != nil || was.ID != 200 || was.Name != "m" || was.Pages != 2 || was.LSN != 0x101 {
		t.Fatalf("%+v, %v", was, err)
	}
	noHole := func(d *disk) { copy(d.pages[0][12:], d.pages[0][14:16]) }
	for name, tc := range map[string]struct {
		change func(*disk)
		same   bool
	}{
		"nothing":             {func(*disk) {}, true},
		"LSN and checksum":    {func(d *disk) { clear(d.pages[0][:10]) }, true},
		"what Mask masks":     {func(d *disk) { d.pages[0][24] ^= 1 }, true},
		"the hole":            {func(d *disk) { d.pages[0][4000] ^= 1 }, true},
		"no hole":             {noHole, false},
		"the last byte":       {func(d *disk) { d.pages[1][page.Size-1] ^= 1 }, false},
		"pages change places": {func(d *disk) { d.pages[0], d.pages[1] = d.pages[1], d.pages[0] }, false},
		"a page moves":        {func(d *disk) { d.pages[1], d.pages[2] = d.pages[2], d.pages[1] }, false},
		"a page is lost":      {func(d *disk) { clear(d.pages[1][:]) }, false},
	} {
		d := newDisk()
		tc.change(d)
		is, err := pagedigest.Of(d, 200, manager{})
		if err != nil || (is.Sum == was.Sum) != tc.same {
			t.Errorf("%s: same digest: %t, want %t, %v", name, is.Sum == was.Sum, tc.same, err)
		}
	}
}

func TestDigestNamesWhatItCannotRead(t *testing.T) {
	d := newDisk()
	d.fails = errors.New("input/output error")
	if _, err := pagedigest.Of(d, 200, manager{}); err == nil || err.Error() != "relation 1663/5/120000, fork main: input/output error" {
		t.Errorf("got %v", err)
	}
}

package segment_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A standby that follows another upstream gives up the part of a record that it has got. Its own standbys
// go on reading meanwhile: they get log or none, never the zeros that are being put there.
func TestWhatIsGivenUpIsNotReadAsZeros(t *testing.T) {
	src, _ := primary(t, 300, 1000)
	end := src.FlushedLSN()
	faulty := vfs.NewFault(vfs.NewMem())
	dst := open(t, segment.Options{FS: faulty})
	if err := dst.StartReceive(mib, 1); err != nil {
		t.Fatal(err)
	}
	ship(t, src, dst, mib, end, 100_000)
	if _, err := dst.FlushReceived(); err != nil {
		t.Fatal(err)
	}
	const part = 500
	want := make([]byte, part)
	if _, err := src.ReadAt(want, end-part, 1); err != nil {
		t.Fatal(err)
	}
	read := 0
	faulty.Add(&vfs.Rule{Op: vfs.OpSync, Path: "0*", Before: func(string, string) {
		read++
		got := make([]byte, part)
		n, err := dst.ReadAt(got, end-part, 1)
		if !bytes.Equal(got[:n], want[:n]) || n == 0 && !errors.Is(err, wal.ErrNotYet) {
			t.Errorf("read %d bytes that are not the log: %x…, %v", n, got[:8], err)
		}
	}})
	if err := dst.StartReceive(end-part, 1); err != nil {
		t.Fatal(err)
	}
	if read == 0 {
		t.Error("nothing was read meanwhile")
	}
}

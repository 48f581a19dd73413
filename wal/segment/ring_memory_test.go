package segment

import (
	"testing"
	"unsafe"
)

func TestRingMemory(t *testing.T) {
	for _, c := range []struct {
		about string
		size  int
		whole bool
	}{
		{"the default fills huge pages", Options{}.withDefaults().BufferSize, true},
		{"a larger ring does so too", 4 * hugePage, true},
		{"a small one takes what it needs", 64 << 10, false},
	} {
		t.Run(c.about, func(t *testing.T) {
			b := ringMemory(c.size)
			if len(b) != c.size || cap(b) > c.size {
				t.Errorf("it has %d bytes and room for %d, want %d", len(b), cap(b), c.size)
			}
			if at := uintptr(unsafe.Pointer(unsafe.SliceData(b))); c.whole && at%hugePage != 0 {
				t.Errorf("it begins at %#x, amid a huge page", at)
			}
		})
	}
}

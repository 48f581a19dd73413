package hugepage

import (
	"bytes"
	"testing"
)

func TestMake(t *testing.T) {
	for _, c := range []struct {
		about string
		size  int
		whole bool
	}{
		{"one huge page", Size, true},
		{"several", 4 * Size, true},
		{"what is no number of them takes what it needs", Size + Size/2, false},
		{"a little", 64 << 10, false},
	} {
		t.Run(c.about, func(t *testing.T) {
			b := Make(c.size)
			if len(b) != c.size || cap(b) > c.size {
				t.Errorf("it has %d bytes and room for %d, want %d", len(b), cap(b), c.size)
			}
			if skip := toNext(b); c.whole && skip != 0 {
				t.Errorf("a huge page can begin only %d bytes behind its beginning", skip)
			}
		})
	}
}

func TestPreferLeavesWhatIsThere(t *testing.T) {
	for _, size := range []int{0, 100, Size, 3*Size + 100} {
		b := bytes.Repeat([]byte("x"), size)
		Prefer(b)
		if bytes.Count(b, []byte("x")) != size {
			t.Errorf("%d bytes are changed", size)
		}
	}
}

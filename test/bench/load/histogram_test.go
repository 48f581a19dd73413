package load

import (
	"testing"
	"time"
)

func TestQuantilesAreWithinABucket(t *testing.T) {
	var h Histogram
	for i := range 100000 {
		h.Add(time.Duration(i) * time.Microsecond)
	}
	for _, q := range []float64{0.01, 0.5, 0.99, 0.999} {
		got, want := h.Quantile(q).Seconds(), q*0.1
		if got < want*0.96 || got > want*1.04 {
			t.Errorf("quantile %v of 0..100 ms is %v s, want %v", q, got, want)
		}
	}
	if h.Count() != 100000 || h.Max() != 99999*time.Microsecond {
		t.Errorf("count %d, max %s", h.Count(), h.Max())
	}
}

package load

import (
	"math/bits"
	"time"
)

// A Histogram counts durations in buckets of at most 1/32 of their size. Its zero value is empty.
type Histogram struct {
	n      uint64
	counts [64 * 32]uint64
	max    time.Duration
}

// Add counts one duration.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucket(uint64(d))]++
	h.n++
	h.max = max(h.max, d)
}

// Merge adds what another has counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}

// Count is how many were added.
func (h *Histogram) Count() uint64 { return h.n }

// Max is the longest.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile is the duration that a share q of all stay below, in the middle of its bucket.
func (h *Histogram) Quantile(q float64) time.Duration {
	left := uint64(q * float64(h.n))
	for i, n := range h.counts {
		if n > left {
			return middle(i)
		}
		left -= n
	}
	return h.max
}

func bucket(v uint64) int {
	if v < 32 {
		return int(v)
	}
	exp := bits.Len64(v) - 6
	return exp*32 + int(v>>exp)
}

func middle(b int) time.Duration {
	if b < 64 {
		return time.Duration(b)
	}
	exp := b/32 - 1
	low := uint64(b-exp*32) << exp
	return time.Duration(low + 1<<exp/2)
}

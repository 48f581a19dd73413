//go:build !purego

package wal

import (
	"hash/crc32"

	"golang.org/x/sys/cpu"
)

// updateWide goes on from a state, which is a sum's complement, with n bytes at p; n is a multiple of wide.
//
//go:noescape
func updateWide(state uint32, p *byte, n int) uint32

// wide is how many bytes the widest registers sum at a time, and wideFrom from where on they are quicker.
const (
	wide     = 256
	wideFrom = 768
)

var hasWide = hasInstructions && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VPCLMULQDQ

// foldBy is what 16 bytes of a sum, in halves, are multiplied by when 256, 64 and 16 bytes follow.
//
//lint:ignore U1000 by crc_wide_amd64.s
var foldBy = [3][2]uint64{folding(256), folding(64), folding(16)}

// folding is x^(8·n+63) and x^(8·n−1) modulo the polynomial, bits reflected in 64: the first half lies 64 bits
// higher than the second, and a product of reflected numbers one bit too low.
func folding(n int) [2]uint64 {
	power := func(exp int) uint64 {
		v := uint32(1) << 31 // x^0
		for range exp {
			v = v>>1 ^ crc32.Castagnoli*(v&1)
		}
		return uint64(v) << 32
	}
	return [2]uint64{power(8*n + 63), power(8*n - 1)}
}

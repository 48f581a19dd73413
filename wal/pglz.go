package wal

import "errors"

var errPGLZ = errors.New("pglz data is damaged")

// pglzDecompress undoes PostgreSQL's own compression (common/pg_lzcompress.c): groups of a control
// byte and eight items, lowest bit first. Bit 0: a literal byte. Bit 1: a match of two bytes,
//
//	offset high 4 | length-3 4     offset low 8     [length 8, if length-3 is 15: adds to 18]
//
// It fills dst and returns how many bytes it wrote; both src and dst must end together.
func pglzDecompress(src, dst []byte) (int, error) {
	n := 0
	for len(src) > 0 && n < len(dst) {
		control := src[0]
		src = src[1:]
		for bit := 0; bit < 8 && len(src) > 0 && n < len(dst); bit++ {
			if control&1 == 0 {
				dst[n] = src[0]
				src = src[1:]
				n++
			} else {
				used, length, offset, ok := pglzMatch(src)
				if !ok || offset == 0 || offset > n {
					return n, errPGLZ
				}
				src = src[used:]
				for end := min(n+length, len(dst)); n < end; n++ { // source and target may overlap
					dst[n] = dst[n-offset]
				}
			}
			control >>= 1
		}
	}
	if len(src) != 0 || n != len(dst) {
		return n, errPGLZ
	}
	return n, nil
}

func pglzMatch(src []byte) (used, length, offset int, ok bool) {
	if len(src) < 2 {
		return 0, 0, 0, false
	}
	length = int(src[0]&0x0F) + 3
	offset = int(src[0]&0xF0)<<4 | int(src[1])
	if length < 18 {
		return 2, length, offset, true
	}
	if len(src) < 3 {
		return 0, 0, 0, false
	}
	return 3, length + int(src[2]), offset, true
}

package datum

import (
	"strconv"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func appendLSN(dst []byte, l wal.LSN) []byte {
	start := len(dst)
	dst = strconv.AppendUint(dst, uint64(l>>32), 16)
	dst = append(dst, '/')
	dst = strconv.AppendUint(dst, uint64(uint32(l)), 16)
	for i := start; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst
}

// LSNDistance is a - b in bytes; there is no numeric that would hold every one.
func LSNDistance(a, b wal.LSN) (any, error) {
	d := int64(a - b)
	if (d < 0) != (a < b) {
		return nil, outOfRange(rmgr.Int8)
	}
	return d, nil
}

// MoveLSN is an LSN n bytes further; 22023 if there is none.
func MoveLSN(a wal.LSN, n int64) (any, error) {
	lsn := a + wal.LSN(n)
	if n > 0 && lsn < a || n < 0 && lsn > a {
		return nil, errorf(codeInvalidValue, "pg_lsn out of range")
	}
	return lsn, nil
}

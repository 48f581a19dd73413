package datum

import (
	"bytes"
	"cmp"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// Compare orders two values of one type that are not NULL; text is ordered by bytes, and NaN is the largest number.
func Compare(a, b any) int {
	switch a := a.(type) {
	case string:
		b, _ := b.(string)
		return strings.Compare(a, b)
	case bool:
		b, _ := b.(bool)
		switch {
		case a == b:
			return 0
		case a:
			return 1
		}
		return -1
	case wal.LSN:
		b, _ := b.(wal.LSN)
		return cmp.Compare(a, b)
	case []byte:
		b, _ := b.([]byte)
		return bytes.Compare(a, b)
	case float64:
		b, _ := b.(float64)
		return -cmp.Compare(-a, -b) // NaN is the largest
	case time.Time:
		b, _ := b.(time.Time)
		return a.Compare(b)
	}
	m, _ := Integer(a)
	n, _ := Integer(b)
	return cmp.Compare(m, n)
}

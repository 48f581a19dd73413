package wal

import (
	"fmt"
	"strconv"
	"strings"
)

// LSN is a byte position in the log (PostgreSQL's XLogRecPtr). The zero value is invalid.
type LSN uint64

// InvalidLSN is the zero LSN; no record starts there.
const InvalidLSN LSN = 0

// String prints the LSN as PostgreSQL does: two hexadecimal halves without padding, "0/1500028".
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// ParseLSN reads PostgreSQL's text form of an LSN.
func ParseLSN(s string) (LSN, error) {
	hi, lo, ok := strings.Cut(s, "/")
	if ok {
		h, errHi := strconv.ParseUint(hi, 16, 32)
		l, errLo := strconv.ParseUint(lo, 16, 32)
		if errHi == nil && errLo == nil {
			return LSN(h<<32 | l), nil
		}
	}
	return 0, fmt.Errorf("invalid LSN %q: want two hexadecimal numbers of up to 8 digits with a slash between, as 0/1500028", s)
}

// MarshalText is the text form, so that JSON carries LSNs as strings.
func (l LSN) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the text form.
func (l *LSN) UnmarshalText(b []byte) (err error) {
	*l, err = ParseLSN(string(b))
	return err
}

// TimelineID numbers a history of the log; a promotion begins a new one. It is also Redoubt's
// fencing token: a higher number always wins. The zero value is invalid.
type TimelineID uint32

package sql

import (
	"encoding/binary"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// PostgreSQL's views have columns of types that nothing here computes with. To clients such a column
// is what PostgreSQL says it is, also in binary; to an expression it is the plain type behind it.
const (
	Name         rmgr.Type = 100 + iota // a string
	Inet                                // a string: an address
	Interval                            // a string: 00:00:00.0015
	TextArray                           // a string: {a,b}
	Record                              // a string: (a,b), what a function of several columns gives in a select list
	Void                                // the empty string
	Oid                                 // an integer of 32 bits without sign
	Xid                                 // likewise
	Int2                                // an integer
	Numeric                             // an integer
	Char                                // a string of one character
	Float4                              // a float64
	Regproc                             // a string: no function is named in a column, so -
	NodeTree                            // always NULL
	OidVector                           // a string: 25 20
	CharArray                           // a string: {i,o}
	NameArray                           // likewise
	OidArray                            // likewise
	ACLItemArray                        // always NULL
	AnyArray                            // likewise

	// These are computed with: see object.
	Regclass
	Regtype
)

// plain is the type that an expression takes a column for.
func plain(t rmgr.Type) rmgr.Type {
	switch t {
	case Name, Inet, Interval, TextArray, Record, Void, Char, Regproc, NodeTree, OidVector, CharArray, NameArray, OidArray, ACLItemArray, AnyArray:
		return rmgr.Text
	case Float4:
		return rmgr.Float8
	case Oid, Xid, Int2, Numeric:
		return rmgr.Int8
	}
	return t
}

// shownAs is the type that clients see beside the plain one; 0 if there is only that.
func shownAs(t rmgr.Type) rmgr.Type {
	if plain(t) == t {
		return 0
	}
	return t
}

// appendShown appends a value in the binary form of one of these types; ok is false if t is another.
func appendShown(dst []byte, t rmgr.Type, v any) (out []byte, ok bool, err error) {
	bad := func() ([]byte, bool, error) {
		return dst, true, derrorf(dcodeInternal, "%v is no value for a column of type %s", v, TypeName(t))
	}
	n, whole := integer(v)
	s, text := v.(string)
	_, isArray := elements[t]
	switch {
	case t == Oid || t == Xid || t == Regclass || t == Regtype:
		if !whole {
			return bad()
		}
		return binary.BigEndian.AppendUint32(dst, uint32(n)), true, nil
	case t == Int2:
		if !whole {
			return bad()
		}
		return binary.BigEndian.AppendUint16(dst, uint16(n)), true, nil
	case t == Numeric:
		if !whole {
			return bad()
		}
		return appendNumeric(dst, n), true, nil
	case t == Inet && text:
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return bad()
		}
		return appendInet(dst, addr), true, nil
	case t == Interval && text:
		µs, ok := parseInterval(s)
		if !ok {
			return bad()
		}
		return append(binary.BigEndian.AppendUint64(dst, uint64(µs)), 0, 0, 0, 0, 0, 0, 0, 0), true, nil
	case t == Record:
		return dst, true, &rmgr.Error{
			Code: dcodeNotSupported, Message: "no binary output function available for type record",
			Hint: "Call the function in FROM: SELECT * FROM function(…).",
		}
	case isArray && text:
		dst, err := appendArray(dst, t, s)
		return dst, true, err
	case t == Regproc && text:
		return append(dst, 0, 0, 0, 0), true, nil
	case t == Float4:
		f, _ := v.(float64)
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(f))), true, nil
	}
	return dst, false, nil
}

// appendNumeric writes digits to the base 10000: their number, the weight of the first, sign, scale.
func appendNumeric(dst []byte, n int64) []byte {
	var digits []uint16
	base, digit := big.NewInt(10000), new(big.Int)
	for rest := new(big.Int).Abs(big.NewInt(n)); rest.Sign() != 0; {
		rest.DivMod(rest, base, digit)
		digits = append(digits, uint16(digit.Int64()))
	}
	weight, sign := uint16(max(len(digits)-1, 0)), uint16(0)
	if n < 0 {
		sign = 0x4000
	}
	for _, head := range []uint16{uint16(len(digits)), weight, sign, 0} {
		dst = binary.BigEndian.AppendUint16(dst, head)
	}
	for i := range digits {
		dst = binary.BigEndian.AppendUint16(dst, digits[len(digits)-1-i])
	}
	return dst
}

// appendInet writes the family (PGSQL_AF_INET 2, INET6 3), the bits of the mask, "no cidr", the length, the bytes.
func appendInet(dst []byte, a netip.Addr) []byte {
	a = a.Unmap()
	family := byte(2)
	if a.Is6() {
		family = 3
	}
	b := a.AsSlice()
	return append(append(dst, family, byte(a.BitLen()), 0, byte(len(b))), b...)
}

// parseInterval reads hours:minutes:seconds, in microseconds.
func parseInterval(s string) (µs int64, ok bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0, false
	}
	hours, err1 := strconv.ParseInt(parts[0], 10, 32)
	minutes, err2 := strconv.ParseInt(parts[1], 10, 32)
	whole, fraction, _ := strings.Cut(parts[2], ".")
	seconds, err3 := strconv.ParseInt(whole, 10, 32)
	micros, err4 := strconv.ParseInt((fraction + "000000")[:6], 10, 32)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		return 0, false
	}
	return ((hours*60+minutes)*60+seconds)*1e6 + micros, true
}

// recordText is a row as PostgreSQL shows it in one column.
func recordText(row []any) (string, error) {
	var b strings.Builder
	for i, v := range row {
		b.WriteByte("(,"[min(i, 1)])
		if v == nil {
			continue
		}
		text, err := AppendText(nil, rmgr.Bytea, v)
		if err != nil {
			return "", err
		}
		if len(text) > 0 && !strings.ContainsAny(string(text), "(),\"\\ \t\n\v\f\r") {
			b.Write(text)
			continue
		}
		b.WriteByte('"')
		for _, c := range text {
			if c == '"' || c == '\\' {
				b.WriteByte(c)
			}
			b.WriteByte(c)
		}
		b.WriteByte('"')
	}
	return b.String() + ")", nil
}

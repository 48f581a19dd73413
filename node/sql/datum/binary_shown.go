package datum

import (
	"encoding/binary"
	"math"
	"math/big"
	"net/netip"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// appendShown appends a value in the binary form of one of these types; ok is false if t is another.
func appendShown(dst []byte, t rmgr.Type, v any) (out []byte, ok bool, err error) {
	bad := func() ([]byte, bool, error) {
		return dst, true, errorf(codeInternal, "%v is no value for a column of type %s", v, TypeName(t))
	}
	n, whole := Integer(v)
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
			Code: codeNotSupported, Message: "no binary output function available for type record",
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

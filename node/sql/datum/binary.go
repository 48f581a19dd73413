package datum

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// AppendBinary appends a value that is not NULL in the binary form of its type, as PostgreSQL's send functions do.
// What does not fit the type is XX000.
func AppendBinary(dst []byte, t rmgr.Type, v any) ([]byte, error) {
	if t >= Name {
		if out, ok, err := appendShown(dst, t, v); ok {
			return out, err
		}
	}
	switch v := v.(type) {
	case string:
		return append(dst, v...), nil
	case []byte:
		return append(dst, v...), nil
	case bool:
		if v {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case wal.LSN:
		return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
	case float64:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v)), nil
	case time.Time:
		return binary.BigEndian.AppendUint64(dst, uint64(v.UnixMicro()-epoch)), nil
	}
	n, ok := Integer(v)
	switch {
	case ok && t == rmgr.Int4:
		return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
	case ok:
		return binary.BigEndian.AppendUint64(dst, uint64(n)), nil
	}
	return dst, errorf(codeInternal, "a function returned %T for a column of type %s", v, TypeName(t))
}

// widths are the sizes of types whose binary form has one.
var widths = map[uint32]int{
	OIDBool: 1, OIDInt2: 2, OIDInt4: 4, OIDInt8: 8, OIDFloat4: 4, OIDFloat8: 8, OIDPgLSN: 8, OIDTimestamptz: 8,
}

// ParseBinary reads a value in the binary form of the type with number oid. One that is too short is 08P01, any other
// that is none 22P03. Text is taken as it comes: whether it is UTF-8 is for the caller to say.
func ParseBinary(oid uint32, b []byte) (any, error) {
	switch width, fixed := widths[oid]; {
	case fixed && len(b) < width:
		return nil, errorf(codeProtocolViolation, "insufficient data left in message")
	case fixed && len(b) > width:
		return nil, errorf(codeInvalidBinary, "incorrect binary data format")
	}
	switch oid {
	case OIDText, OIDVarchar, OIDBpchar, OIDName, OIDUnknown:
		return string(b), nil
	case OIDBytea:
		return append([]byte{}, b...), nil
	case OIDBool:
		return b[0] != 0, nil
	case OIDInt2:
		return int64(int16(binary.BigEndian.Uint16(b))), nil
	case OIDInt4:
		return int64(int32(binary.BigEndian.Uint32(b))), nil
	case OIDInt8:
		return int64(binary.BigEndian.Uint64(b)), nil
	case OIDFloat4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
	case OIDFloat8:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	case OIDPgLSN:
		return wal.LSN(binary.BigEndian.Uint64(b)), nil
	case OIDTimestamptz:
		return binaryTime(int64(binary.BigEndian.Uint64(b)))
	}
	return nil, errorf(codeInvalidBinary, "incorrect binary data format")
}

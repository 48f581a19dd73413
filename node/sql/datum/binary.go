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

// ParseBinary reads a parameter in the binary form of the type with number oid; one of the wrong length is 22P03. Text
// is taken as it comes: whether it is UTF-8 is for the caller to say.
func ParseBinary(oid uint32, b []byte) (any, error) {
	switch oid {
	case OIDText, OIDVarchar, OIDBpchar, OIDName, OIDUnknown:
		return string(b), nil
	case OIDBytea:
		return append([]byte{}, b...), nil
	case OIDBool:
		if len(b) == 1 {
			return b[0] != 0, nil
		}
	case OIDInt2:
		if len(b) == 2 {
			return int64(int16(binary.BigEndian.Uint16(b))), nil
		}
	case OIDInt4:
		if len(b) == 4 {
			return int64(int32(binary.BigEndian.Uint32(b))), nil
		}
	case OIDInt8:
		if len(b) == 8 {
			return int64(binary.BigEndian.Uint64(b)), nil
		}
	case OIDFloat4:
		if len(b) == 4 {
			return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
		}
	case OIDFloat8:
		if len(b) == 8 {
			return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
		}
	case OIDPgLSN:
		if len(b) == 8 {
			return wal.LSN(binary.BigEndian.Uint64(b)), nil
		}
	case OIDTimestamptz:
		if len(b) == 8 {
			return binaryTime(int64(binary.BigEndian.Uint64(b)))
		}
	}
	return nil, errorf(codeInvalidBinary, "incorrect binary data format in bind parameter")
}

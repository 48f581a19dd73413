package datum

import (
	"math"
	"math/bits"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// Integer widens the integers that a function should not have returned, but may.
func Integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case int16:
		return int64(v), true
	case uint64:
		return int64(v), v <= math.MaxInt64
	case Object:
		return v.OID, true
	}
	return 0, false
}

// IntegerOperator is an operator of two integers, which refuses a result that type t does not hold (22003); nil if
// there is none.
func IntegerOperator(op string) func(t rmgr.Type, a, b int64) (any, error) { return integerOps[op] }

var integerOps = map[string]func(t rmgr.Type, a, b int64) (any, error){
	"+": func(t rmgr.Type, a, b int64) (any, error) {
		if s := a + b; (s > a) == (b > 0) {
			return inRange(t, s)
		}
		return nil, outOfRange(t)
	},
	"-": subtract,
	"*": multiply,
	"/": func(t rmgr.Type, a, b int64) (any, error) {
		switch {
		case b == 0:
			return nil, errorf(codeDivisionByZero, "division by zero")
		case a == math.MinInt64 && b == -1:
			return nil, outOfRange(t)
		}
		return inRange(t, a/b)
	},
	"%": func(t rmgr.Type, a, b int64) (any, error) {
		switch b {
		case 0:
			return nil, errorf(codeDivisionByZero, "division by zero")
		case -1:
			return int64(0), nil
		}
		return a % b, nil
	},
}

// subtract is a - b, as type t.
func subtract(t rmgr.Type, a, b int64) (any, error) {
	if d := a - b; (d < a) == (b > 0) {
		return inRange(t, d)
	}
	return nil, outOfRange(t)
}

func multiply(t rmgr.Type, a, b int64) (any, error) {
	negative := (a < 0) != (b < 0)
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	switch {
	case high != 0 || low > 1<<63 || low == 1<<63 && !negative:
		return nil, outOfRange(t)
	case negative:
		return inRange(t, -int64(low))
	}
	return inRange(t, int64(low))
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

func inRange(t rmgr.Type, n int64) (any, error) {
	if t == rmgr.Int4 && int64(int32(n)) != n {
		return nil, outOfRange(t)
	}
	return n, nil
}

func outOfRange(t rmgr.Type) error { return errorf(codeOutOfRange, "%s out of range", TypeName(t)) }

package datum

import (
	"math"
	"strconv"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// appendFloat writes the shortest digits that give the number back, with an exponent where
// PostgreSQL has one.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e15) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// FloatOperator is an operator of two numbers, which refuses an overflow as PostgreSQL does; nil if there is none.
func FloatOperator(op string) func(a, b float64) (any, error) { return floatOps[op] }

var floatOps = map[string]func(a, b float64) (any, error){
	"+": func(a, b float64) (any, error) { return finite(a+b, a, b, false) },
	"-": func(a, b float64) (any, error) { return finite(a-b, a, b, false) },
	"*": func(a, b float64) (any, error) { return finite(a*b, a, b, a != 0 && b != 0) },
	"/": func(a, b float64) (any, error) {
		if b == 0 && !math.IsNaN(a) {
			return nil, errorf(codeDivisionByZero, "division by zero")
		}
		return finite(a/b, a, b, a != 0 && !math.IsInf(b, 0))
	},
}

// finite refuses a result that is infinite although a and b are not, and, if there must be something, zero.
func finite(result, a, b float64, something bool) (any, error) {
	switch {
	case math.IsInf(result, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0):
		return nil, errorf(codeOutOfRange, "value out of range: overflow")
	case result == 0 && something:
		return nil, errorf(codeOutOfRange, "value out of range: underflow")
	}
	return result, nil
}

// rounded is the nearest whole number, of two the even one.
func rounded(to rmgr.Type, v float64) (any, error) { return whole(to, math.RoundToEven(v)) }

// Exactly is the Conversion of a number that a query writes with a point to an integer: of two that are equally near it
// gives the one further from zero, as for PostgreSQL's numeric, which such a number is there.
func Exactly(to rmgr.Type) func(any) (any, error) {
	return func(v any) (any, error) { return whole(to, math.Round(v.(float64))) }
}

func whole(to rmgr.Type, f float64) (any, error) {
	if !(f >= -1<<63 && f < 1<<63) {
		return nil, outOfRange(to)
	}
	return inRange(to, int64(f))
}

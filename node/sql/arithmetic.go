package sql

import (
	"math"
	"math/bits"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func (c *compiler) arithmetic(out *computed, op string, l, r computed) error {
	if l.typ == rmgr.PgLSN || r.typ == rmgr.PgLSN {
		return c.lsnArithmetic(out, op, l, r)
	}
	if l.typ == unknown && r.typ == unknown {
		return errNoCoercion
	}
	l, r, err := c.match(l, r)
	if err != nil {
		return err
	}
	switch typ := l.typ; typ {
	case rmgr.Int4, rmgr.Int8:
		fn := integerOperator(op)
		if fn == nil {
			return errNoCoercion
		}
		both(out, typ, l, r, func(a, b any) (any, error) { return fn(typ, a.(int64), b.(int64)) })
	case rmgr.Float8:
		fn := floatOperator(op)
		if fn == nil {
			return errNoCoercion
		}
		both(out, typ, l, r, func(a, b any) (any, error) { return fn(a.(float64), b.(float64)) })
	default:
		return errNoCoercion
	}
	return nil
}

// lsnArithmetic: two LSNs have a distance, an LSN and a number give an LSN.
func (c *compiler) lsnArithmetic(out *computed, op string, l, r computed) error {
	if l.typ == rmgr.PgLSN && op == "-" && (r.typ == rmgr.PgLSN || r.typ == unknown) {
		r, err := c.coerce(r, rmgr.PgLSN)
		if err != nil {
			return err
		}
		both(out, rmgr.Int8, l, r, func(a, b any) (any, error) { return LSNDistance(a.(wal.LSN), b.(wal.LSN)) })
		return nil
	}
	if l.typ != rmgr.PgLSN || op != "+" && op != "-" {
		return errNoCoercion
	}
	r, err := c.coerce(r, rmgr.Int8)
	if err != nil {
		return err
	}
	both(out, rmgr.PgLSN, l, r, func(a, b any) (any, error) {
		if op == "-" {
			return moveLSN(a.(wal.LSN), -b.(int64))
		}
		return moveLSN(a.(wal.LSN), b.(int64))
	})
	return nil
}

// LSNDistance is a - b in bytes; there is no numeric that would hold every one.
func LSNDistance(a, b wal.LSN) (any, error) {
	d := int64(a - b)
	if (d < 0) != (a < b) {
		return nil, outOfRange(rmgr.Int8)
	}
	return d, nil
}

// moveLSN is an LSN n bytes further.
func moveLSN(a wal.LSN, n int64) (any, error) {
	lsn := a + wal.LSN(n)
	if n > 0 && lsn < a || n < 0 && lsn > a {
		return nil, derrorf(dcodeInvalidValue, "pg_lsn out of range")
	}
	return lsn, nil
}

// integerOperator is an operator of two integers, which refuses what does not fit type t; nil if there is none.
func integerOperator(op string) func(t rmgr.Type, a, b int64) (any, error) { return integerOps[op] }

// floatOperator is an operator of two numbers; nil if there is none.
func floatOperator(op string) func(a, b float64) (any, error) { return floatOps[op] }

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
			return nil, derrorf(dcodeDivisionByZero, "division by zero")
		case a == math.MinInt64 && b == -1:
			return nil, outOfRange(t)
		}
		return inRange(t, a/b)
	},
	"%": func(t rmgr.Type, a, b int64) (any, error) {
		switch b {
		case 0:
			return nil, derrorf(dcodeDivisionByZero, "division by zero")
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

func outOfRange(t rmgr.Type) error { return derrorf(dcodeOutOfRange, "%s out of range", TypeName(t)) }

var floatOps = map[string]func(a, b float64) (any, error){
	"+": func(a, b float64) (any, error) { return finite(a+b, a, b, false) },
	"-": func(a, b float64) (any, error) { return finite(a-b, a, b, false) },
	"*": func(a, b float64) (any, error) { return finite(a*b, a, b, a != 0 && b != 0) },
	"/": func(a, b float64) (any, error) {
		if b == 0 && !math.IsNaN(a) {
			return nil, derrorf(dcodeDivisionByZero, "division by zero")
		}
		return finite(a/b, a, b, a != 0 && !math.IsInf(b, 0))
	},
}

// finite refuses a result that is infinite although a and b are not, and, if there must be something, zero.
func finite(result, a, b float64, something bool) (any, error) {
	switch {
	case math.IsInf(result, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0):
		return nil, derrorf(dcodeOutOfRange, "value out of range: overflow")
	case result == 0 && something:
		return nil, derrorf(dcodeOutOfRange, "value out of range: underflow")
	}
	return result, nil
}

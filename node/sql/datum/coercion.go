package datum

import "github.com/redoubt-wal/redoubt/rmgr"

// Assignable reports whether a value of one type may be given to a parameter of another: all has a text, and
// numbers are rounded.
func Assignable(from, to rmgr.Type) bool {
	number := func(t rmgr.Type) bool { return t == rmgr.Int4 || t == rmgr.Int8 || t == rmgr.Float8 }
	return to == rmgr.Text || number(from) && number(to)
}

// Implicit reports whether a value of one type may stand where another is wanted, without a cast.
func Implicit(from, to rmgr.Type) bool {
	switch {
	case from == to:
		return true
	case from == rmgr.Int4:
		return to == rmgr.Int8 || to == rmgr.Float8
	case from == rmgr.Int8:
		return to == rmgr.Float8
	case IsObject(from):
		return to == rmgr.Int8
	}
	return false
}

// Conversion is the function that makes values that are not NULL of type to where only a cast does (pg_cast.dat); nil
// if there is no such cast.
func Conversion(from, to rmgr.Type) func(any) (any, error) {
	whole := from == rmgr.Int4 || from == rmgr.Int8
	switch {
	case to == rmgr.Text:
		return func(v any) (any, error) { return TextOf(from, v) }
	case from == rmgr.Text:
		return func(v any) (any, error) { return ParseText(to, v.(string)) }
	case whole && to == rmgr.Int4:
		return func(v any) (any, error) { return inRange(to, v.(int64)) }
	case from == rmgr.Int4 && to == rmgr.Bool:
		return func(v any) (any, error) { return v.(int64) != 0, nil }
	case from == rmgr.Bool && to == rmgr.Int4:
		return numberOfBool
	case from == rmgr.Float8 && (to == rmgr.Int4 || to == rmgr.Int8):
		return func(v any) (any, error) { return rounded(to, v.(float64)) }
	}
	return nil
}

func numberOfBool(v any) (any, error) {
	if v.(bool) {
		return int64(1), nil
	}
	return int64(0), nil
}

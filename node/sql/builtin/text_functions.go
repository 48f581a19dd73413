package builtin

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// maxRepeat bounds what repeat may build.
const maxRepeat = 64 << 20

// textFunctions are a few of PostgreSQL's that scripts make test data with.
func textFunctions() []rmgr.Function {
	one := columns("", rmgr.Text)
	text := func(fn func(string) any) func(context.Context, []any) (any, error) {
		return func(_ context.Context, args []any) (any, error) { return fn(args[0].(string)), nil }
	}
	return []rmgr.Function{
		scalar("length", rmgr.Int4, one, text(func(s string) any { return int64(utf8.RuneCountInString(s)) })),
		scalar("octet_length", rmgr.Int4, one, text(func(s string) any { return int64(len(s)) })),
		scalar("lower", rmgr.Text, one, text(func(s string) any { return strings.ToLower(s) })),
		scalar("upper", rmgr.Text, one, text(func(s string) any { return strings.ToUpper(s) })),
		scalar("md5", rmgr.Text, one, text(func(s string) any {
			sum := md5.Sum([]byte(s))
			return hex.EncodeToString(sum[:])
		})),
		scalar("repeat", rmgr.Text, columns("", rmgr.Text, "", rmgr.Int4), func(_ context.Context, args []any) (any, error) {
			s, n := args[0].(string), max(args[1].(int64), 0)
			if int64(len(s))*n > maxRepeat {
				return nil, failure("54000", "requested length too large")
			}
			return strings.Repeat(s, int(n)), nil
		}),
		generateSeries(), sizeFunction(),
	}
}

func generateSeries() rmgr.Function {
	return rmgr.Function{
		Name: "generate_series", Args: columns("start", rmgr.Int8, "stop", rmgr.Int8, "step", rmgr.Int8), Strict: true, Set: true,
		Returns: columns("generate_series", rmgr.Int8), Defaults: []any{int64(1)},
		Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
			n, stop, step := args[0].(int64), args[1].(int64), args[2].(int64)
			if step == 0 {
				return failure("22023", "step size cannot equal zero")
			}
			for step > 0 && n <= stop || step < 0 && n >= stop {
				if err := row(n); err != nil {
					return err
				}
				next := n + step
				if (next > n) != (step > 0) {
					return nil // the next one does not fit
				}
				n = next
			}
			return nil
		},
	}
}

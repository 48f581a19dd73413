package builtin

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
)

func sizeFunction() rmgr.Function {
	return scalar("pg_size_pretty", rmgr.Text, columns("", rmgr.Int8), func(_ context.Context, args []any) (any, error) {
		return prettySize(args[0].(int64)), nil
	})
}

// prettySize is PostgreSQL's pg_size_pretty: the unit changes at 10 kB and then at 20 of the next, and a
// half is rounded away from zero. Beyond bytes, size counts halves of the unit.
func prettySize(size int64) string {
	if size > -10<<10 && size < 10<<10 {
		return fmt.Sprintf("%d bytes", size)
	}
	size /= 1 << 9
	units := []string{"kB", "MB", "GB", "TB", "PB"}
	for _, unit := range units[:len(units)-1] {
		if size > -(20<<10-1) && size < 20<<10-1 {
			return fmt.Sprintf("%d %s", halfRounded(size), unit)
		}
		size /= 1 << 10
	}
	return fmt.Sprintf("%d PB", halfRounded(size))
}

func halfRounded(n int64) int64 {
	if n < 0 {
		return (n - 1) / 2
	}
	return (n + 1) / 2
}

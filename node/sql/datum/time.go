package datum

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
)

var timeLayouts = []string{
	"2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02",
}

func parseTime(s, blank string) (any, error) {
	err := invalidText(rmgr.Timestamptz, s)
	err.Code = codeInvalidTime
	for _, layout := range timeLayouts {
		t, failure := time.Parse(layout, blank)
		if failure == nil {
			return t, nil
		}
		var p *time.ParseError
		if errors.As(failure, &p) && strings.HasSuffix(p.Message, "out of range") {
			err = errorf(codeTimeRange, "date/time field value out of range: \"%s\"", blank)
		}
	}
	return nil, err
}

// epoch is what binary timestamps count from, 2000-01-01, in microseconds of Unix time.
const epoch = 946684800000000

// binaryTime refuses PostgreSQL's infinities and what would overflow.
func binaryTime(µs int64) (any, error) {
	if µs > math.MaxInt64-epoch || µs == math.MinInt64 {
		return nil, errorf(codeTimeRange, "timestamp out of range")
	}
	return time.UnixMicro(µs + epoch).UTC(), nil
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

package guc

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
)

type durationUnit struct {
	unit string
	ms   float64
}

var durationUnits = []durationUnit{{"us", 0.001}, {"ms", 1}, {"min", 60_000}, {"s", 1000}, {"h", 3600_000}, {"d", 24 * 3600_000}, {"", 1}}

// ShownDuration is a number of milliseconds as SHOW has it, in the largest unit that divides it.
func ShownDuration(ms string) string {
	n, err := strconv.Atoi(ms)
	if err != nil || n <= 0 {
		return ms
	}
	for _, u := range []string{"d", "h", "min", "s"} {
		i := slices.IndexFunc(durationUnits, func(d durationUnit) bool { return d.unit == u })
		if size := int(durationUnits[i].ms); n%size == 0 {
			return strconv.Itoa(n/size) + u
		}
	}
	return ms + "ms"
}

// duration gives milliseconds.
func duration(value string) (string, *rmgr.Error) {
	text := strings.TrimSpace(value)
	for _, u := range durationUnits {
		digits, ok := strings.CutSuffix(text, u.unit)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			break
		}
		ms := math.RoundToEven(f * u.ms)
		switch {
		case math.Abs(ms) > math.MaxInt32:
			return "", withHint(badValue(value), "Value exceeds integer range.")
		case ms < 0:
			return "", errorf(codeInvalidValue, "%.0f ms is outside the valid range for parameter {name} (0 .. %d)", ms, math.MaxInt32)
		}
		return strconv.Itoa(int(ms)), nil
	}
	return "", withHint(badValue(value), `Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
}

// TimeOf is a duration as a setting has it; 0 if it is none.
func TimeOf(value string) time.Duration {
	text, _ := duration(value)
	ms, _ := strconv.Atoi(text)
	return time.Duration(ms) * time.Millisecond
}

// memory gives an amount of memory in its largest unit; a plain number counts kB.
func memory(value string) (string, *rmgr.Error) {
	units := []struct {
		unit string
		kb   float64
	}{{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}, {"B", 1. / 1024}, {"", 1}}
	text := strings.TrimSpace(value)
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.unit)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		kb := math.RoundToEven(f * u.kb)
		if err != nil || !(kb >= 0 && kb <= math.MaxInt32) {
			break
		}
		for _, shown := range units[:4] {
			if n := int(kb); n > 0 && n%int(shown.kb) == 0 {
				return strconv.Itoa(n/int(shown.kb)) + shown.unit, nil
			}
		}
		return "0", nil
	}
	return "", withHint(badValue(value), `Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`)
}

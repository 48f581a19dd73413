package replslot

import (
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
)

func TestSlotStatus(t *testing.T) {
	limited := Limits{Now: 1000, Keep: 500, Usual: 100}
	for name, c := range map[string]struct {
		limits Limits
		slot   Slot
		want   string
		left   int64
	}{
		"needs nothing":                     {limited, Slot{}, "", 0},
		"has just begun":                    {limited, Slot{RestartLSN: 1000}, "reserved", 500},
		"ahead of what was read of the log": {limited, Slot{RestartLSN: 1001}, "reserved", 500},
		"within max_wal_size":               {limited, Slot{RestartLSN: 900}, "reserved", 400},
		"held back for it":                  {limited, Slot{RestartLSN: 899}, "extended", 399},
		"at the limit":                      {limited, Slot{RestartLSN: 500}, "extended", 0},
		"beyond it":                         {limited, Slot{RestartLSN: 499}, "unreserved", -1},
		"given up":                          {limited, Slot{InvalidatedAt: 10}, "lost", 0},
		"without a limit":                   {Limits{Now: 1000, Keep: -1, Usual: 100}, Slot{RestartLSN: 1}, "extended", 0},
	} {
		if left, _ := c.limits.Left(c.slot); c.limits.Status(c.slot) != c.want || left != c.left {
			t.Errorf("a slot that is %s: %q with %d left, want %q with %d", name, c.limits.Status(c.slot), left, c.want, c.left)
		}
	}
}

func TestWhatSlotsLose(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		now  wal.LSN
		keep int64
		kept wal.LSN
		want wal.LSN
	}{
		"no limit":                         {100 * mib, -1, 90 * mib, 0},
		"less log than the limit":          {10 * mib, 10 * mib, 9 * mib, 0},
		"beyond the limit":                 {100 * mib, 20 * mib, 90 * mib, 80 * mib},
		"only whole segments":              {100*mib + 5, 20 * mib, 90 * mib, 80 * mib},
		"not what a crash would need":      {100 * mib, 0, 90*mib + 7, 90 * mib},
		"not what wal_keep_size keeps":     {100 * mib, 20 * mib, 30 * mib, 30 * mib},
		"nothing, if all of it is kept":    {100 * mib, 20 * mib, 0, 0},
		"no limit, and nothing else keeps": {100 * mib, -1, 100 * mib, 0},
	} {
		if got := (Limits{Now: c.now, Keep: c.keep}).GiveUp(c.kept, mib); got != c.want {
			t.Errorf("%s: slots lose what is before %s, want %s", name, got, c.want)
		}
	}
}

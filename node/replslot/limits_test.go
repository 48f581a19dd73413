package replslot

import "testing"

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

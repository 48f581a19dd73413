package checkpoint_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/wal"
)

func TestHorizon(t *testing.T) {
	const mb = 1 << 20
	for name, c := range map[string]struct {
		horizon checkpoint.Horizon
		want    wal.LSN
	}{
		"nobody needs anything but recovery": {checkpoint.Horizon{Redo: 50 * mb, End: 90 * mb}, 50 * mb},
		"a slot is behind":                   {checkpoint.Horizon{Redo: 50 * mb, End: 90 * mb, Needed: []wal.LSN{0, 30 * mb}}, 30 * mb},
		"a slot is ahead":                    {checkpoint.Horizon{Redo: 50 * mb, End: 90 * mb, Needed: []wal.LSN{80 * mb}}, 50 * mb},
		"wal_keep_size reaches further back": {checkpoint.Horizon{Redo: 50 * mb, End: 90 * mb, KeepSize: 60 * mb}, 30 * mb},
		"wal_keep_size covers everything":    {checkpoint.Horizon{Redo: 50 * mb, End: 90 * mb, KeepSize: 1 << 40}, 0},
	} {
		if got := c.horizon.Before(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

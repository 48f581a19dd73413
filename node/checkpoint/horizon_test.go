package checkpoint_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

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

func TestLoopComesAfterTheTimeoutANudgeAndSoonAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		nudge := make(chan struct{}, 1)
		began := time.Now()
		var at []time.Duration
		go checkpoint.Loop(ctx, 5*time.Minute, nudge, func(context.Context) error {
			at = append(at, time.Since(began))
			if len(at) == 1 {
				return errors.New("disk full")
			}
			return nil
		})
		time.Sleep(6 * time.Minute)
		nudge <- struct{}{}
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		want := []time.Duration{5 * time.Minute, 5*time.Minute + 10*time.Second, 6 * time.Minute}
		for i := range want {
			if i >= len(at) || at[i] != want[i] {
				t.Fatalf("ran at %v, want %v", at, want)
			}
		}
	})
}

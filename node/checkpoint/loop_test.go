package checkpoint_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
)

type call struct {
	cause checkpoint.Cause
	at    time.Duration
}

func TestLoopComesAfterTheTimeoutANudgeAndSoonAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		nudge := make(chan checkpoint.Cause, 1)
		began := time.Now()
		var calls []call
		go checkpoint.Loop(ctx, 5*time.Minute, nudge, func(_ context.Context, cause checkpoint.Cause) error {
			calls = append(calls, call{cause, time.Since(began)})
			switch len(calls) {
			case 1:
				return errors.New("disk full")
			case 3:
				time.Sleep(4 * time.Minute) // spread
			}
			return nil
		})
		time.Sleep(6 * time.Minute)
		nudge <- checkpoint.ByLog
		time.Sleep(6 * time.Minute)
		cancel()
		synctest.Wait()
		want := []call{
			{checkpoint.ByTime, 5 * time.Minute},
			{checkpoint.ByTime, 5*time.Minute + 10*time.Second}, // sooner, because of the failure
			{checkpoint.ByLog, 6 * time.Minute},
			{checkpoint.ByTime, 11 * time.Minute}, // the timeout counts from the beginning of the one before
		}
		if !slices.Equal(calls, want) {
			t.Errorf("ran %v, want %v", calls, want)
		}
	})
}

func TestHasteLastsAsLongAsSomebodyWaits(t *testing.T) {
	var h checkpoint.Haste
	called := func() bool {
		select {
		case <-h.Called():
			return true
		default:
			return false
		}
	}
	early := h.Called()
	if called() {
		t.Error("called by nobody")
	}
	one, two := h.Begin(), h.Begin()
	<-early // who rests already is woken
	one()
	if !called() {
		t.Error("not called although one still waits")
	}
	if two(); called() {
		t.Error("called although nobody waits any more")
	}
}

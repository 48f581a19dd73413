package node

import (
	"testing"
	"time"
	"unsafe"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A clock that is set forward by a minute is no disk that has hung for a minute.
func TestASetClockIsNoStalledDisk(t *testing.T) {
	began := time.Now()
	now := setForward(began.Add(time.Second), 60)
	if now.Sub(began) != time.Second || now.Round(0).Sub(began.Round(0)) != 61*time.Second {
		t.Fatalf("that is not how time.Time keeps its two clocks: %v, %v", began, now)
	}
	n := &Node{settings: config.Defaults(), table: rmgr.NewTable(), opts: Options{Now: func() time.Time { return now }}}
	n.probe.set(api.Probe{At: began})
	s := n.Status()
	if age := s.Time.Round(0).Sub(s.WriteProbe.At.Round(0)); age != time.Second { // Round(0): as on the wire
		t.Errorf("the probe is said to be %s old, want 1s", age)
	}
}

// setForward is t on a wall clock that was set forward; the monotonic clock is what it was.
func setForward(t time.Time, seconds uint64) time.Time {
	*(*uint64)(unsafe.Pointer(&t)) += seconds << 30 // below them are the nanoseconds
	return t
}

package plan_test

import (
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// What a new cluster was to be at first, and never was, is nothing that its instances must replay.
func TestNewClusterIsMendedWithLess(t *testing.T) {
	s := newStory(t, 3)
	s.say("a new cluster with kv 1.3.0 and ledger, whose node does not start")
	s.images["node:bad"] = []control.Module{kv("1.3.0", 2, 2), ledger()}
	s.broken["node:bad"] = "CrashLoopBackOff: exec format error"
	s.Spec.Image, s.Spec.Modules[0].Version = "node:bad", "1.3.0"
	s.run(time.Minute)
	s.say("kv 1.2.0 without ledger is enough")
	s.Spec.Image, s.Spec.Modules = "node:noledger", []v1.Module{{Name: "kv", Version: "1.2.0"}}
	s.run(5 * time.Minute)
	s.say("the primary is lost")
	s.losePod("orders-1")
	s.run(time.Minute)
	s.ends("new-cluster-mended")
}

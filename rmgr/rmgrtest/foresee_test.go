package rmgrtest

import (
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// foreseeing is a counter that looks ahead in some way.
type foreseeing struct {
	counter
	foresee func(page []byte)
}

func (f foreseeing) Foresee(page []byte, _ *wal.Record, _ *wal.BlockRef, _ int, at []uint16) []uint16 {
	f.foresee(page)
	return at
}

var _ rmgr.Foreseer = foreseeing{}

func TestAForeseerThatOnlyLooksPasses(t *testing.T) {
	Run(t, counterModule(foreseeing{sound(), func([]byte) {}}))
}

func TestAForeseerThatChangesAPageIsFound(t *testing.T) {
	got := failures(counterModule(foreseeing{sound(), func(page []byte) {
		if len(page) > 30 {
			page[30]++
		}
	}}))
	if !strings.Contains(got, "Foresee changes block 0") {
		t.Errorf("the kit says %q", got)
	}
}

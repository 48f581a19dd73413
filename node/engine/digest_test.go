package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/pagedigest"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Crash recovery makes the pages that were there, and the digest says so; one key more, and it differs.
func TestPageDigestsAreTheSameAfterRecovery(t *testing.T) {
	m := vfs.NewMem()
	s, o := newStore(t, m)
	for i := range 200 {
		s.put(fmt.Sprint("k", i%90), strings.Repeat("v", i*7%900))
	}
	before := digests(t, s.Engine)
	if len(before) != 1 || before[0].Name != "kv" || before[0].Pages < 3 || before[0].LSN != s.Positions().Insert {
		t.Errorf("%+v, the log ends at %s", before, s.Positions().Insert)
	}
	s.Abort()
	e := open(t, o)
	defer e.Abort()
	if diff := cmp.Diff(before, digests(t, e)); diff != "" {
		t.Errorf("after recovery (-before +after)\n%s", diff)
	}
	promote(t, e, e.History().Timeline())
	storeOf(t, e, o).put("another", "one")
	if after := digests(t, e); after[0].Sum == before[0].Sum || after[0].LSN <= before[0].LSN {
		t.Errorf("after another write: %+v, before %+v", after, before)
	}
}

func digests(t *testing.T, e *engine.Engine) []pagedigest.Digest {
	t.Helper()
	d, err := e.PageDigests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

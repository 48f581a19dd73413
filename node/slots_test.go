package node

import (
	"testing"

	"github.com/redoubt-wal/redoubt/node/sql"
)

// A client may leave between its write and its Sync: nobody asks for the write's fate then.
func TestASessionThatLeavesIsForgotten(t *testing.T) {
	n, s := &Node{}, &sql.Session{}
	n.writers.Store(s, &local{})
	n.sessionLeft(s)
	if l, kept := n.writers.Load(s); kept {
		t.Errorf("the session keeps the data directory %p in memory", l)
	}
}

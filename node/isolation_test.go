package node

import (
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/replication"
)

// A client that connects every few seconds for a year must not be remembered each time.
func TestStandbysThatHaveLeftAreForgotten(t *testing.T) {
	n := &Node{}
	n.state.local = &local{server: replication.NewServer(replication.Options{})}
	replies := map[string]time.Time{"7": time.Unix(1, 0)}
	n.hearStandbys(replies)
	if len(replies) != 0 {
		t.Errorf("remembered: %v", replies)
	}
}

package node

import (
	"testing"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
)

// The members that an operator names are instances, of which one may hold two connections for a while.
func TestTheOperatorsMembersAreNodesAndNotConnections(t *testing.T) {
	got, err := ruleOf(api.Synchronous{Method: "any", Number: 2, Members: []string{"a", "b", "c"}})
	want := replication.Rule{Any: true, Number: 2, Members: []string{"a", "b", "c"}, Distinct: true}
	if err != nil || !got.Equal(want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

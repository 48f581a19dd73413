package cluster

import (
	"net"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/cluster/watch"
)

// A pod that is replaced has another address. What was sent to the old one may hang for minutes.
func TestACommandToAnAddressThatIsGoneDoesNotHoldUpTheNext(t *testing.T) {
	orders := types.NamespacedName{Namespace: "shop", Name: "orders"}
	hub := watch.NewHub(time.Now, func(types.NamespacedName) {})
	defer hub.Close()
	c := newCommands(hub, func(types.NamespacedName) {})
	defer c.wg.Wait()
	fence := []plan.Step{{Do: plan.Fence, Request: control.FenceRequest{Timeline: 2}}}
	for _, who := range []string{"the old pod", "the new pod"} {
		silent, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections and never answers
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		hub.Listen(orders, "orders-1", watch.Target{Address: silent.Addr().String()})
		if sent := c.send(orders, "orders-1", fence); len(sent) != 1 {
			t.Errorf("to %s nothing was sent", who)
		}
		if sent := c.send(orders, "orders-1", fence); len(sent) != 0 {
			t.Errorf("to %s it was sent twice at once", who)
		}
	}
}

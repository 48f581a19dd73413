package watch_test

import (
	"crypto/tls"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/controllers/cluster/pki"
	"github.com/redoubt-wal/redoubt/controllers/cluster/watch"
	"github.com/redoubt-wal/redoubt/controllers/nodetest"
)

var orders = types.NamespacedName{Namespace: "shop", Name: "orders"}

// start starts the fake instance with a certificate of an authority of its own, and returns what the operator
// reaches it with.
func start(t *testing.T, world *nodetest.World, address, authority string) *tls.Config {
	t.Helper()
	ca, err := pki.NewAuthority(authority, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf("orders-1", []string{"orders-1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	mine, err := ca.Leaf("redoubt-operator", nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := world.Start(nodetest.Options{Name: "orders-1", Address: address, Cert: leaf.Cert, Key: leaf.Key, CA: ca.Cert}); err != nil {
		t.Fatal(err)
	}
	config, err := pki.ClientTLS(func() (pki.Pair, error) { return mine, nil }, ca.Cert, "orders-1")
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// scene is a fake instance and a hub that listens to it.
func scene(t *testing.T, address string) (*watch.Hub, *nodetest.World, func(string, func(watch.Heard) bool) watch.Heard) {
	t.Helper()
	world := nodetest.NewWorld()
	t.Cleanup(world.Close)
	config := start(t, world, address, "test")
	var mu sync.Mutex
	changes := 0
	hub := watch.NewHub(time.Now, func(types.NamespacedName) { mu.Lock(); changes++; mu.Unlock() })
	t.Cleanup(hub.Close)
	hub.Listen(orders, "orders-1", watch.Target{Address: address, TLS: config})
	return hub, world, func(what string, is func(watch.Heard) bool) watch.Heard {
		t.Helper()
		told := func() bool { // comes after what can be heard
			mu.Lock()
			defer mu.Unlock()
			was := changes
			changes = 0
			return was > 0
		}
		seen := false
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			heard, _, ok := hub.Heard(orders, "orders-1")
			if seen = seen || ok && is(heard); seen && told() {
				return heard
			}
		}
		heard, _, _ := hub.Heard(orders, "orders-1")
		t.Fatalf("%s: seen %t, and nobody was told; %+v", what, seen, heard)
		return heard
	}
}

// A process that dies is seen at once, and that nobody listens any more.
func TestDeathIsSeenAtOnce(t *testing.T) {
	_, world, sees := scene(t, "127.9.0.1:18443")
	sees("it is up", func(h watch.Heard) bool { return h.Reached && h.Status.Role == control.RoleEmpty })
	begin := time.Now()
	world.Kill("orders-1")
	heard := sees("it is dead", func(h watch.Heard) bool { return !h.Reached && h.Refused })
	if time.Since(begin) > 2*time.Second { // when silence would have told as much
		t.Errorf("after %s: %+v, want refused at once", time.Since(begin), heard)
	}
	if heard.Status == nil {
		t.Error("what it said last is forgotten")
	}
}

// One that hangs is not reached any more, but not known to be dead.
func TestHangIsNotDeath(t *testing.T) {
	_, world, sees := scene(t, "127.9.0.2:18443")
	sees("it is up", func(h watch.Heard) bool { return h.Reached })
	world.Freeze("orders-1", true)
	if heard := sees("it is silent", func(h watch.Heard) bool { return !h.Reached }); heard.Refused {
		t.Errorf("it is taken for dead: %+v", heard)
	}
	world.Freeze("orders-1", false)
	sees("it is back", func(h watch.Heard) bool { return h.Reached })
}

// What a command's reply said counts as heard.
func TestTold(t *testing.T) {
	hub, _, sees := scene(t, "127.9.0.3:18443")
	sees("it is up", func(h watch.Heard) bool { return h.Reached })
	heard, node, _ := hub.Heard(orders, "orders-1")
	status, err := node.Do(t.Context(), control.InitRequest{})
	if err != nil {
		t.Fatal(err)
	}
	hub.Told(orders, "orders-1", status)
	sees("it is initialised", func(h watch.Heard) bool {
		return h.Status.Role == control.RoleWaiting && h.Status.Time.After(heard.Status.Time)
	})
	hub.Forget(orders)
	if _, _, ok := hub.Heard(orders, "orders-1"); ok {
		t.Error("it is still listened to")
	}
}

// A cluster's authority that was made anew is used at the address that is listened to already.
func TestAnotherAuthorityAtTheSameAddress(t *testing.T) {
	const address = "127.9.0.5:8443"
	hub, world, eventually := scene(t, address)
	eventually("it speaks", func(h watch.Heard) bool { return h.Reached })
	world.Kill("orders-1")
	config := start(t, world, address, "made anew")
	eventually("nobody knows who signed its certificate", func(h watch.Heard) bool { return !h.Reached && strings.Contains(h.Detail, "unknown authority") })
	hub.Listen(orders, "orders-1", watch.Target{Address: address, TLS: config})
	eventually("it is known again", func(h watch.Heard) bool { return h.Reached })
}

// A clock that is set back by an hour does not make an instance's words older than what it said before.
func TestAClockIsSetBack(t *testing.T) {
	hub, world, sees := scene(t, "127.9.0.6:18443")
	sees("it is up", func(h watch.Heard) bool { return h.Reached })
	world.Clock("orders-1", -time.Hour)
	_, node, _ := hub.Heard(orders, "orders-1")
	if _, err := node.Do(t.Context(), control.InitRequest{}); err != nil {
		t.Fatal(err)
	}
	sees("it is initialised", func(h watch.Heard) bool { return h.Status.Role == control.RoleWaiting })
}

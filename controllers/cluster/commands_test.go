package cluster

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
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
	c := newCommands(hub, time.Now, func(types.NamespacedName) {})
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

// An instance speaks the control API: its status, when that changes, and as it takes commands.
type instance struct {
	commands http.HandlerFunc
	census   []http.HandlerFunc // none: it answers with its status
	mu       sync.Mutex
	status   control.Status
	silent   bool // its streams end, and it does not answer who wants another
	changed  chan struct{}
}

func startInstance(t *testing.T, commands http.HandlerFunc, census ...http.HandlerFunc) (i *instance, address string) {
	t.Helper()
	i = &instance{commands: commands, census: census, changed: make(chan struct{})}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	return i, server.Listener.Addr().String()
}

func (i *instance) say(status control.Status) {
	i.mu.Lock()
	defer i.mu.Unlock()
	status.Instance, status.Sequence = "orders-1", i.status.Sequence+1
	i.status, i.silent = status, false
	close(i.changed)
	i.changed = make(chan struct{})
}

func (i *instance) fallSilent() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.silent = true
	close(i.changed)
	i.changed = make(chan struct{})
}

func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		i.commands(w, r)
		return
	}
	if r.URL.Path == control.PathCensus && len(i.census) > 0 {
		i.census[0](w, r)
		return
	}
	for spoke := false; ; {
		i.mu.Lock()
		status, silent, changed := i.status, i.silent, i.changed
		i.mu.Unlock()
		switch {
		case silent && spoke:
			return
		case !silent && status.Sequence > 0:
			json.NewEncoder(w).Encode(status)
			w.(http.Flusher).Flush()
			spoke = true
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
	}
}

// eventually waits for something that is heard.
func eventually(t *testing.T, hub *watch.Hub, is func(watch.Heard) bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if heard, _, _ := hub.Heard(types.NamespacedName{Namespace: "shop", Name: "orders"}, "orders-1"); is(heard) {
			return
		}
	}
	t.Fatal("it is not heard")
}

// A command that an instance refuses is sent again after longer and longer rests; at once when it is another
// one, or the instance has something new to say.
func TestARefusedCommandRests(t *testing.T) {
	orders := types.NamespacedName{Namespace: "shop", Name: "orders"}
	hub := watch.NewHub(time.Now, func(types.NamespacedName) {})
	defer hub.Close()
	node, address := startInstance(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		json.NewEncoder(w).Encode(control.Error{Code: "NotReady", Message: "it is recovering"})
	})
	hub.Listen(orders, "orders-1", watch.Target{Address: address})
	node.say(control.Status{Role: control.RoleRecovering})
	eventually(t, hub, func(h watch.Heard) bool { return h.Reached })
	now := time.Now()
	c := newCommands(hub, func() time.Time { return now }, func(types.NamespacedName) {})
	send := func(timeline control.TimelineID) int {
		n := len(c.send(orders, "orders-1", []plan.Step{{Do: plan.Promote, Request: control.PromoteRequest{Timeline: timeline}}}))
		c.wg.Wait()
		return n
	}
	for _, rest := range []time.Duration{50, 100, 200, 400, 800, 1600, 2000, 2000} {
		if send(2) != 1 {
			t.Errorf("it is not sent before the rest of %d ms", rest)
		}
		now = now.Add((rest - 1) * time.Millisecond)
		if send(2) != 0 {
			t.Errorf("it is sent within %d ms", rest)
		}
		now = now.Add(time.Millisecond)
	}
	send(2)
	if n := send(3); n != 1 {
		t.Error("another command waits for the rest of the one before")
	}
	if n := send(3); n != 0 {
		t.Error("that one does not rest")
	}
	node.say(control.Status{Role: control.RoleWaiting})
	eventually(t, hub, func(h watch.Heard) bool { return h.Status.Role == control.RoleWaiting })
	if n := send(3); n != 1 {
		t.Error("it rests although the instance says something new")
	}
}

// A command that was lost with its connection does not hold up those to the instance that is heard again.
func TestACommandThatTheNetworkSwallowedDoesNotHoldUpTheNext(t *testing.T) {
	orders := types.NamespacedName{Namespace: "shop", Name: "orders"}
	hub := watch.NewHub(time.Now, func(types.NamespacedName) {})
	defer hub.Close()
	release := make(chan struct{})
	node, address := startInstance(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	hub.Listen(orders, "orders-1", watch.Target{Address: address})
	node.say(control.Status{Role: control.RoleStandby})
	eventually(t, hub, func(h watch.Heard) bool { return h.Reached })
	c := newCommands(hub, time.Now, func(types.NamespacedName) {})
	fence := []plan.Step{{Do: plan.Fence, Request: control.FenceRequest{Timeline: 2}}}
	if sent := c.send(orders, "orders-1", fence); len(sent) != 1 {
		t.Fatal("nothing was sent")
	}
	node.fallSilent()
	eventually(t, hub, func(h watch.Heard) bool { return !h.Reached })
	node.say(control.Status{Role: control.RoleStandby})
	eventually(t, hub, func(h watch.Heard) bool { return h.Reached })
	if sent := c.send(orders, "orders-1", fence); len(sent) != 1 {
		t.Error("what was lost with the connection holds up its repetition")
	}
}

// What an instance accepts, and then cannot do, as a clone that is refused at once, is not told it again
// without a pause, whatever it says of itself meanwhile.
func TestAnAcceptedCommandThatIsWantedAgainRests(t *testing.T) {
	orders := types.NamespacedName{Namespace: "shop", Name: "orders"}
	hub := watch.NewHub(time.Now, func(types.NamespacedName) {})
	defer hub.Close()
	node, address := startInstance(t, func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(control.Reply{Status: control.Status{Instance: "orders-1", Sequence: 100, Role: control.RoleCloning}})
	})
	hub.Listen(orders, "orders-1", watch.Target{Address: address})
	node.say(control.Status{Role: control.RoleEmpty})
	eventually(t, hub, func(h watch.Heard) bool { return h.Reached })
	now := time.Now()
	c := newCommands(hub, func() time.Time { return now }, func(types.NamespacedName) {})
	follow := func() int {
		n := len(c.send(orders, "orders-1", []plan.Step{{Do: plan.Follow, Request: control.FollowRequest{Timeline: 2}}}))
		c.wg.Wait()
		return n
	}
	if follow() != 1 {
		t.Fatal("it was not sent")
	}
	hub.Told(orders, "orders-1", control.Status{Instance: "orders-1", Sequence: 101, Role: control.RoleEmpty, Message: "clone failed"})
	if follow() != 0 {
		t.Error("it is told again at once")
	}
	now = now.Add(restFirst)
	if follow() != 1 {
		t.Error("it is not told again")
	}
}

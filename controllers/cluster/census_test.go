package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/cluster/watch"
)

// asked is orders-1, whose census is asked of it through a channel that the test answers.
type asked struct {
	r         *Reconciler
	questions atomic.Int32
	answers   chan control.Census       // one for each question
	ended     chan types.NamespacedName // a pass is asked for
	status    control.Status
}

func startAsked(t *testing.T) *asked {
	t.Helper()
	a := &asked{r: reconciler(t, interceptor.Funcs{}, orders()), answers: make(chan control.Census), status: control.Status{CensusEpoch: 1, StartedAt: time.Unix(1, 0)}}
	ended := make(chan struct{})
	_, address := startInstance(t, func(http.ResponseWriter, *http.Request) {}, func(w http.ResponseWriter, r *http.Request) {
		a.questions.Add(1)
		select {
		case census := <-a.answers:
			json.NewEncoder(w).Encode(census)
		case <-ended:
		}
	})
	t.Cleanup(func() { close(ended) })
	a.r.hub.Listen(request.NamespacedName, "orders-1", watch.Target{Address: address})
	t.Cleanup(a.r.hub.Close)
	a.ended = make(chan types.NamespacedName, 1)
	a.r.censuses = newCensuses(func(cluster types.NamespacedName) { a.ended <- cluster })
	a.r.censuses.patience, a.r.censuses.timeout = time.Millisecond, time.Hour
	return a
}

// pass is what a pass learns of the census.
func (a *asked) pass() *control.Census {
	status := a.status
	members := []plan.Member{{Name: "orders-1", Reached: true, Status: &status}}
	a.r.census(context.Background(), request.NamespacedName, members)
	return members[0].Census
}

// answer answers the question that is being asked, and waits until a pass is asked for.
func (a *asked) answer(census control.Census) {
	a.answers <- census
	<-a.ended
}

// An instance that is slow to say what it holds holds up no pass: it counts as unknown, is not asked twice at
// once, and its answer, whenever it comes, is a reason for a pass.
func TestACensusThatIsLongInComingHoldsUpNoPass(t *testing.T) {
	a := startAsked(t)
	for range 3 {
		if got := a.pass(); got != nil {
			t.Fatalf("got %+v before it was answered", got)
		}
	}
	a.answer(control.Census{Instance: "orders-1"})
	if got := a.pass(); got == nil || got.Instance != "orders-1" {
		t.Errorf("got %+v when it was answered", got)
	}
	if n := a.questions.Load(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

// An old answer is used while the next is asked for, unless the instance says that it has another by now, or
// is another process.
func TestAnOldCensusIsUsedUntilTheNextComes(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*asked)
		want   bool
	}{
		"nothing was said":         {func(*asked) {}, true},
		"it has another":           {func(a *asked) { a.status.CensusEpoch++ }, false},
		"it has been started anew": {func(a *asked) { a.status.StartedAt = time.Unix(2, 0) }, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := startAsked(t)
			a.pass()
			a.answer(control.Census{Instance: "first"})
			a.r.Now = func() time.Time { return time.Now().Add(censusAge) }
			c.change(a)
			for range 2 {
				if got := a.pass(); (got != nil) != c.want {
					t.Errorf("got %+v while it is asked again", got)
				}
			}
			a.answer(control.Census{Instance: "second"})
			if got := a.pass(); got == nil || got.Instance != "second" {
				t.Errorf("got %+v when it was answered again", got)
			}
		})
	}
}

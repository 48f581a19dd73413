package cluster

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// A chore that hangs holds up its pass for a moment, and no later pass. When it has failed a pass is asked
// for, which is told, and the next begins it again.
func TestAChoreThatHangsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		orders := types.NamespacedName{Namespace: "shop", Name: "orders"}
		asked := 0
		k := newChores(func(types.NamespacedName) { asked++ })
		answer := make(chan error)
		pass := func() (took time.Duration, err error) {
			patience, cancel := context.WithTimeout(t.Context(), k.patience)
			defer cancel()
			began := time.Now()
			err = k.do(t.Context(), patience.Done(), orders, "a pod", func(context.Context) error { return <-answer })
			if other := k.do(t.Context(), patience.Done(), orders, "a label", func(context.Context) error { return nil }); other != nil {
				t.Errorf("another chore of the pass: %v", other)
			}
			synctest.Wait()
			return time.Since(began), err
		}
		if took, err := pass(); took != k.patience || err != nil {
			t.Errorf("the first pass took %s: %v", took, err)
		}
		if took, err := pass(); took != 0 || err != error(underWay{}) {
			t.Errorf("the second took %s: %v", took, err)
		}
		no := errors.New("no answer from the webhook")
		before := asked
		answer <- no
		synctest.Wait()
		if asked != before+1 {
			t.Error("nobody was asked to look how it ended")
		}
		if took, err := pass(); took != 0 || err != no {
			t.Errorf("the third took %s: %v", took, err)
		}
		if took, err := pass(); took != k.patience || err != nil {
			t.Errorf("the fourth took %s: %v", took, err)
		}
		if _, err := pass(); err != error(underWay{no}) {
			t.Errorf("how it failed before is forgotten: %v", err)
		}
		answer <- nil
		synctest.Wait()
		if len(k.jobs[orders]) > 0 {
			t.Errorf("kept: %+v", k.jobs)
		}
		k.wg.Wait()
	})
}

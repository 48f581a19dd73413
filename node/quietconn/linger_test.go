package quietconn

import "testing"

func TestLingering(t *testing.T) {
	ask := func(l *linger, n int, hit bool) (lingered int) {
		for range n {
			if l.may(true) {
				lingered++
				l.ended(hit)
			}
		}
		return lingered
	}
	t.Run("pays while the client answers at once", func(t *testing.T) {
		var l linger
		if got := ask(&l, 1000, true); got != 1000 {
			t.Errorf("read on %d times of 1000", got)
		}
	})
	t.Run("is given up for a client that thinks", func(t *testing.T) {
		var l linger
		if got := ask(&l, 10_000, false); got > 10_000/mostMisses+10 {
			t.Errorf("read on %d times of 10,000", got)
		}
	})
	t.Run("is given up when it pays every other time", func(t *testing.T) {
		var l linger
		lingered := 0
		for i := range 10_000 {
			lingered += ask(&l, 1, i%2 == 0)
		}
		if lingered > 500 {
			t.Errorf("read on %d times of 10,000", lingered)
		}
	})
	t.Run("comes back when it pays again", func(t *testing.T) {
		var l linger
		ask(&l, 10_000, false)
		if got := ask(&l, 10_000, true); got < 9_000 {
			t.Errorf("read on %d times of 10,000", got)
		}
	})
	t.Run("is for a client that is alone", func(t *testing.T) {
		var l linger
		if l.may(false) {
			t.Error("read on beside others")
		}
	})
}

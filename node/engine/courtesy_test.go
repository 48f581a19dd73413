package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A client may take rows as slowly as it likes while nobody wants to change the pages that they come from;
// writes and replay, and a promotion that needs it, do not wait for it longer than a minute or so.
func TestASlowReaderDoesNotKeepOthersWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := vfs.NewMem()
		initDir(t, m, kv.Module)
		o := options(t, m, kv.Module)
		o.Now, o.WALKeepSize = time.Now, 1<<30
		p := storeOf(t, primary(t, o), o)
		for i := range 200 {
			p.put(key(i), value(i))
		}
		o = options(t, clone(t, p.Engine), kv.Module)
		o.Now = time.Now
		s := storeOf(t, open(t, o), o)
		follow(t, p.Engine, s.Engine)

		// read takes a row in 20 seconds.
		read := func(e store, began func()) (rows int, err error) {
			fn, _ := e.tab.Function("kv_range")
			_, err = e.Call(context.Background(), &fn, []any{nil, nil, nil}, func(...any) error {
				if rows++; rows == 1 {
					began()
				}
				time.Sleep(20 * time.Second)
				return nil
			})
			return rows, err
		}
		if rows, err := read(s, func() {}); rows != 200 || err != nil {
			t.Errorf("nobody waits, and it gets %d rows, %v", rows, err)
		}
		for who, change := range map[string]struct {
			reads store
			do    func()
		}{
			"a write":         {p, func() { p.put("a", "1") }},
			"a standby's log": {s, func() { p.put("b", "1"); follow(t, p.Engine, s.Engine) }},
		} {
			reading, done := make(chan struct{}), make(chan error)
			go func() {
				_, err := read(change.reads, func() { close(reading) })
				done <- err
			}()
			<-reading
			began := time.Now()
			change.do()
			if waited := time.Since(began); waited > 90*time.Second {
				t.Errorf("%s waits for %s", who, waited)
			}
			if err := <-done; sqlState(err) != "40001" {
				t.Errorf("%s waits, and the reader gets %v, want SQLSTATE 40001", who, err)
			}
		}
		closeEngine(t, s.Engine)
		closeEngine(t, p.Engine)
	})
}

package engine

import (
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/node/latch"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// patience is how long, in all, a client may let a reading call wait for it while others wait for the call:
// the default of PostgreSQL's max_standby_streaming_delay.
const patience = 30 * time.Second

// blink is too short for a client to have been waited for.
const blink = time.Millisecond

// A courtesy hands out the rows of a call that reads. Nobody changes the pages of its manager meanwhile, and
// its client may take the rows as slowly as it likes: but only while nobody wants to.
type courtesy struct {
	e     *Engine
	latch *latch.Latch // of the manager, held by the call
	fn    *rmgr.Function
	row   func(...any) error

	delayed time.Duration // others were, by waiting for the client
	err     error
}

func (c *courtesy) give(values ...any) error {
	if c.err != nil {
		return c.err
	}
	if !c.latch.Contended() {
		return c.row(values...)
	}
	began := c.e.o.Now()
	err := c.row(values...)
	if took := c.e.o.Now().Sub(began); took > blink {
		c.delayed += took
	}
	if err == nil && c.delayed > patience {
		c.err = c.tooLong()
		return c.err
	}
	return err
}

// tooLong is PostgreSQL's error on a standby; there, a primary's writes do not wait for those who read.
func (c *courtesy) tooLong() error {
	with := "writes"
	if c.e.InRecovery() {
		with = "recovery"
	}
	return &rmgr.Error{
		Code: "40001", Message: "canceling statement due to conflict with " + with,
		Detail: fmt.Sprintf("%s() has kept others from its pages for more than %s because its client takes the rows slowly.", c.fn.Name, patience),
		Hint:   "Take them faster, or in parts.",
	}
}

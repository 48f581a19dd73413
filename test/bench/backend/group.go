package backend

import (
	"errors"
	"runtime"
	"sync"
)

// A batchLog is a log whose unit is a batch: durable, if it was opened so, when save returns. Calls
// come one at a time.
type batchLog interface {
	save(batch [][]byte) error
	Close() error
}

// grouped gives a log without group commit the driver's: as the floor's, with the yield unless the
// log is to show what it does alone. Without durability every record is a batch of its own.
func grouped(open func(Options) (batchLog, error)) func(Options) (Log, error) {
	return func(o Options) (Log, error) {
		l, err := open(o)
		if err != nil {
			return nil, err
		}
		if !o.Durable {
			return &single{log: l}, nil
		}
		return &driver{log: l, yield: !o.Alone}, nil
	}
}

// single saves record by record.
type single struct {
	mu  sync.Mutex
	log batchLog
}

func (s *single) Appender() func([]byte) error {
	batch := make([][]byte, 1)
	return func(p []byte) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		batch[0] = p
		return s.log.save(batch)
	}
}

func (s *single) Close() error { return s.log.Close() }

// driver is a group commit.
type driver struct {
	log   batchLog
	yield bool

	mu        sync.Mutex
	batch     [][]byte
	spare     [][]byte
	gathering *batch
	saving    *batch
	failed    error
}

type batch struct {
	done  chan struct{}
	saved bool
}

func (d *driver) Appender() func([]byte) error { return d.append }

func (d *driver) append(p []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.batch = append(d.batch, p)
	if g := d.gathering; g != nil {
		d.await(g)
		return d.failed
	}
	g := &batch{}
	d.gathering = g
	for d.saving != nil {
		d.await(d.saving)
	}
	if d.yield {
		d.mu.Unlock()
		runtime.Gosched()
		d.mu.Lock()
	}
	d.save(g)
	return d.failed
}

func (d *driver) await(g *batch) {
	if g.saved {
		return
	}
	if g.done == nil {
		g.done = make(chan struct{})
	}
	done := g.done
	d.mu.Unlock()
	<-done
	d.mu.Lock()
}

func (d *driver) save(g *batch) {
	full := d.batch
	d.batch, d.spare = d.spare[:0], nil
	d.gathering, d.saving = nil, g
	d.mu.Unlock()
	err := d.log.save(full)
	d.mu.Lock()
	d.spare, d.saving, g.saved = full, nil, true
	d.failed = errors.Join(d.failed, err)
	if g.done != nil {
		close(g.done)
	}
}

func (d *driver) Close() error { return d.log.Close() }

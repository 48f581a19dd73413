package engine

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// startManagers calls every manager's Startup before the first record of a recovery. Whoever asks again
// gets the same answer.
func (e *Engine) startManagers() error {
	e.replay.mu.Lock()
	started, err := e.replay.started, e.replay.startErr
	e.replay.started = true
	e.replay.mu.Unlock()
	if started {
		return err
	}
	err = e.callStartups()
	e.replay.mu.Lock()
	e.replay.startErr = err
	e.replay.mu.Unlock()
	return err
}

func (e *Engine) callStartups() error {
	for _, m := range e.o.Table.All() {
		if err := rmgr.Startup(m); err != nil {
			return fmt.Errorf("start resource manager %s: %w", m.Name(), err)
		}
	}
	return nil
}

// cleanUpManagers calls every manager's Cleanup after the last record of a recovery.
func (e *Engine) cleanUpManagers() error {
	e.replay.mu.Lock()
	started := e.replay.started
	e.replay.started, e.replay.startErr = false, nil
	e.replay.mu.Unlock()
	if !started {
		return nil
	}
	for _, m := range e.o.Table.All() {
		if err := rmgr.Cleanup(m); err != nil {
			return fmt.Errorf("clean up resource manager %s: %w", m.Name(), err)
		}
	}
	return nil
}

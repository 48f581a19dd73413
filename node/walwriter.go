package node

import "time"

// flushLog makes log durable that no commit waits for (synchronous_commit = off, messages), every
// wal_writer_delay: it is lost in a crash for no longer than that, and standbys get it.
func (n *Node) flushLog(l *local) {
	for {
		delay := n.settings.Duration("wal_writer_delay")
		if !sleep(l.streams, max(delay, time.Millisecond)) {
			return
		}
		if l.engine.InRecovery() {
			continue
		}
		if log := l.engine.Log(); log.FlushedLSN() < log.InsertLSN() {
			if err := log.Flush(log.InsertLSN()); err != nil {
				n.log.Error("could not make the log durable", "error", err) // the engine stops the node
			}
		}
	}
}

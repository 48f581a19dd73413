package node

import (
	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/walinspect"
)

// inspected is the log that the functions of pg_walinspect show: durable, and on a standby replayed.
func (n *Node) inspected() (*walinspect.Log, error) {
	now := n.current()
	if now.local == nil {
		return nil, n.ready()
	}
	e := now.local.engine
	at := e.Positions()
	known := at.Flush
	if now.role != api.RolePrimary {
		known = min(known, at.Replay)
	}
	source := e.Log().NewSource(e.History())
	return &walinspect.Log{
		Pages: source, Close: source.Close, SegmentSize: uint64(e.SegmentSize()), SystemID: e.SystemID(), Timeline: at.Timeline, Known: known,
	}, nil
}

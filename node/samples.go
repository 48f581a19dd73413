package node

import "github.com/redoubt-wal/redoubt/node/control"

// samples are the engine's counters for /metrics.
func (n *Node) samples() []control.Sample { return nil }

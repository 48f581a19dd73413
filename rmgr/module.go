package rmgr

import "github.com/redoubt-wal/redoubt/wal"

// Format numbers a layout of one manager's records; the first is 1. 0 means "not known".
type Format uint16

// A FormatRange is an inclusive range of formats; the zero value is empty.
type FormatRange struct {
	Min Format `json:"min"`
	Max Format `json:"max"`
}

// Has reports whether f lies in the range.
func (r FormatRange) Has(f Format) bool { return f != 0 && r.Min <= f && f <= r.Max }

// A Module is a named and versioned set of resource managers with the functions that write their
// records. It is a value: linking it into a node offers it, the setting preload_modules loads it.
type Module struct {
	Name      string // as in WALCluster.spec.modules: a DNS label
	Version   string // semantic version without a leading v
	Managers  []Registration
	Functions []Function
}

// A Registration is one manager of a module with its ID and formats.
type Registration struct {
	ID      wal.RmgrID
	Manager Manager
	Writes  FormatRange // what it can write; the format in force is always one of these on a primary
	Replays FormatRange // what it can replay; contains Writes
}

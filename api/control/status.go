package control

import (
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// LSN and TimelineID are the log's, so that users of this package need not import the log.
type (
	LSN        = wal.LSN
	TimelineID = wal.TimelineID
)

// Role is what a node is doing now.
type Role string

const (
	RoleEmpty      Role = "empty"      // no data directory yet: waits for init or follow
	RoleCloning    Role = "cloning"    // taking a base backup
	RoleRecovering Role = "recovering" // replaying its own log after a start
	RoleWaiting    Role = "waiting"    // recovered, told neither to follow nor to promote
	RoleStandby    Role = "standby"    // follows an upstream (perhaps not connected just now)
	RolePrimary    Role = "primary"    // accepts writes
	RoleDiverged   Role = "diverged"   // has log that the cluster's timeline does not have: must be cloned anew
	RoleStopping   Role = "stopping"
)

// Status is what a node says about itself.
type Status struct {
	Instance         string    `json:"instance"`         // its name: the pod's
	SystemIdentifier string    `json:"systemIdentifier"` // decimal; "" while empty
	Role             Role      `json:"role"`
	Time             time.Time `json:"time"`               // the node's clock
	StartedAt        time.Time `json:"startedAt"`          // of the process
	Sequence         uint64    `json:"sequence,omitempty"` // counts what the process has said of itself: no higher one is older. 0: not counted

	Timeline   TimelineID `json:"timeline"`             // of the log it writes or replays; 0 while empty
	FencedAt   TimelineID `json:"fencedAt"`             // the promise: follows nobody below; 0: none
	WriteLSN   LSN        `json:"writeLSN"`             // end of what it wrote (primary) or received (standby)
	FlushLSN   LSN        `json:"flushLSN"`             // end of what is durable here: what a choice compares
	ReplayLSN  LSN        `json:"replayLSN"`            // end of what is applied to pages
	RedoLSN    LSN        `json:"redoLSN"`              // where crash recovery would begin
	OldestLSN  LSN        `json:"oldestLSN"`            // start of the oldest segment kept
	Upstream   string     `json:"upstream,omitempty"`   // conninfo host of the upstream
	Streaming  bool       `json:"streaming"`            // a standby: the stream is up
	ForkLSN    LSN        `json:"forkLSN,omitempty"`    // RoleDiverged: where histories part
	OpenWrites bool       `json:"openWrites"`           // accepts writes
	Suspect    string     `json:"suspect,omitempty"`    // a failed fsync: no vote, no promotion; the text says where
	LostLSN    LSN        `json:"lostLSN,omitempty"`    // peers hold log up to here that was durable in this node and is gone: no vote, no promotion until it has followed one
	WriteProbe *Probe     `json:"writeProbe,omitempty"` // the last probe of the write path
	Message    string     `json:"message,omitempty"`    // what it waits for or why it cannot, for people

	ReplayPaused *ReplayPause `json:"replayPaused,omitempty"`

	Synchronous Synchronous   `json:"synchronous"`        // in force on a primary
	Waiters     int           `json:"waiters,omitempty"`  // commits that wait for standbys
	Replicas    []Replica     `json:"replicas,omitempty"` // streams this node serves (pg_stat_replication)
	Slots       []Slot        `json:"slots,omitempty"`    // pg_replication_slots
	Modules     []Module      `json:"modules"`            // loaded, with formats in force and retiring state
	Offered     []Module      `json:"offered,omitempty"`  // in the binary but not preloaded
	CensusEpoch uint64        `json:"censusEpoch"`        // changes when the census gained or lost an entry
	WALSize     int64         `json:"walSize"`            // bytes of segments kept
	Settings    []SettingDiff `json:"settings,omitempty"` // settings that wait for a restart
	NodeVersion string        `json:"nodeVersion,omitempty"`
}

// Probe is a timed write and fsync beside the log.
type Probe struct {
	At       time.Time `json:"at"`
	Duration int64     `json:"durationMicroseconds"`
	Error    string    `json:"error,omitempty"`
}

// ReplayPause says why a standby receives but does not replay.
type ReplayPause struct {
	LSN    LSN    `json:"lsn"`    // of the first record it cannot replay
	Reason string `json:"reason"` // "ModuleMissing", "ManagerDiffers", "FormatUnknown", "RedoFailed", "NoSpace", "NoBuffers", "NoDescriptors"
	Detail string `json:"detail"`
}

// Synchronous is the rule that releases a commit.
type Synchronous struct {
	Method  string   `json:"method,omitempty"` // "any", "first"; "" for asynchronous
	Number  int      `json:"number,omitempty"`
	Members []string `json:"members,omitempty"` // application names
	Serial  int64    `json:"serial,omitempty"`  // counts the sets: see SynchronousRequest; 0: they are not counted
}

// Replica is one stream that this node serves.
type Replica struct {
	Name      string `json:"name"` // application_name
	State     string `json:"state"`
	SentLSN   LSN    `json:"sentLSN"`
	WriteLSN  LSN    `json:"writeLSN"`
	FlushLSN  LSN    `json:"flushLSN"`
	ReplayLSN LSN    `json:"replayLSN"`
	SyncState string `json:"syncState"` // async, potential, sync, quorum
}

// Slot is a replication slot.
type Slot struct {
	Name       string `json:"name"`
	Type       string `json:"type"` // physical, logical
	Active     bool   `json:"active"`
	RestartLSN LSN    `json:"restartLSN"`
	Confirmed  LSN    `json:"confirmedFlushLSN,omitempty"`
	WALStatus  string `json:"walStatus,omitempty"`
}

// SettingDiff is a setting whose configured value is not in force yet.
type SettingDiff struct {
	Name    string `json:"name"`
	Current string `json:"current"`
	Pending string `json:"pending"`
}

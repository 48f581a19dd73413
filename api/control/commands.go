package control

import (
	"fmt"
	"time"
)

// Paths of the calls.
const (
	PathStatus      = "/v1/status"
	PathCensus      = "/v1/census"
	PathModules     = "/v1/modules"
	PathInit        = "/v1/init"
	PathFollow      = "/v1/follow"
	PathFence       = "/v1/fence"
	PathPromote     = "/v1/promote"
	PathSynchronous = "/v1/synchronous"
	PathRetire      = "/v1/retire"
	PathFormat      = "/v1/format"
	PathCheckpoint  = "/v1/checkpoint"
	PathSwitchWAL   = "/v1/switch-wal"
	PathDemote      = "/v1/demote"
)

// InitRequest makes an empty directory the first instance of a new cluster, on timeline 1, and
// leaves the node waiting. Refused unless the role is empty. Durable on reply.
type InitRequest struct {
	SegmentSizeMB int `json:"segmentSizeMB,omitempty"` // 0: 16
}

// FollowRequest makes the node a standby of Upstream. Refused when Timeline is below the promise.
// The upstream must itself be on Timeline or above; log of older timelines comes from it as well.
// An empty node clones first. A node whose log diverged answers with RoleDiverged, and clones anew
// when Reclone is set (its old log is gone only after the new copy is complete and durable).
type FollowRequest struct {
	Upstream Upstream   `json:"upstream"`
	Timeline TimelineID `json:"timeline"`
	Reclone  bool       `json:"reclone,omitempty"`
}

// Upstream is where to stream from.
type Upstream struct {
	Host             string `json:"host"` // address
	Port             int    `json:"port"`
	Name             string `json:"name"` // instance name, expected in the server's certificate
	Slot             string `json:"slot,omitempty"`
	SystemIdentifier string `json:"systemIdentifier,omitempty"` // refused if the upstream's differs
}

// FenceRequest asks for the promise to follow no upstream and accept no promotion below Timeline.
// On reply the promise is durable, streams from upstreams below it have ended, and a primary below
// it has stopped accepting writes. Asking again, or for less, changes nothing.
type FenceRequest struct {
	Timeline TimelineID `json:"timeline"`
}

// PromoteRequest opens the node for writes on Timeline, which the operator has claimed. Refused
// below the promise, while suspect, while replay is paused, and when the log's own timeline is
// above. Equal to the log's own timeline it resumes a primary that was primary on it (or a fresh
// init). On reply the node has replayed all it had and its first record on Timeline is durable.
//
// MustReach is how much log peers are known to hold. A node whose own log ends before it has lost log
// that was durable, whatever it took for a torn tail, and refuses (LogLost): it has to follow a peer,
// from which it gets what it lacks, or be cloned anew.
//
// StartedAt is Status.StartedAt of the process that the promotion was decided for. Another one refuses
// (Restarted): it no longer knows which synchronous sets it has used since, nor what its log has lost, and the
// operator decides again by what it says now.
type PromoteRequest struct {
	Timeline    TimelineID  `json:"timeline"`
	Synchronous Synchronous `json:"synchronous"`
	MustReach   LSN         `json:"mustReachLSN,omitempty"` // 0: nothing is known
	StartedAt   time.Time   `json:"startedAt,omitzero"`     // zero: any process is meant
}

// SynchronousRequest replaces the synchronous set of a primary. On reply every later commit waits
// by the new set. A set with a lower serial than the last that the node took on this timeline, here or with
// a promotion, is refused (SetSuperseded): the command was long on its way, and the operator no longer
// reckons with what such a set would confirm.
type SynchronousRequest struct {
	Timeline    TimelineID  `json:"timeline"` // of the primary it is meant for; refused on another
	Synchronous Synchronous `json:"synchronous"`
}

// RetireRequest switches a module's retiring state on a primary: logged (MODULES record) and durable on reply.
type RetireRequest struct {
	Module   string `json:"module"`
	Retiring bool   `json:"retiring"`
}

// FormatRequest raises (never lowers) the format in force of one manager on a primary; durable on reply.
type FormatRequest struct {
	Rmgr   uint8  `json:"rmgr"`
	Format uint16 `json:"format"`
}

// CheckpointRequest asks for a checkpoint now; with Wait the reply comes after it.
type CheckpointRequest struct {
	Wait bool `json:"wait,omitempty"`
}

// SwitchWALRequest and DemoteRequest carry nothing yet.
type (
	SwitchWALRequest struct{}

	// DemoteRequest ends a primary: no more writes, standbys get everything including the shutdown
	// checkpoint, then the node waits (RoleWaiting) for follow. On reply its log has ended.
	DemoteRequest struct {
		Timeline TimelineID `json:"timeline"` // of the primary it is meant for; refused on another
	}
)

// Reply answers every POST.
type Reply struct {
	Status Status `json:"status"`
}

// An Error is a refusal.
type Error struct {
	Code    string `json:"code"`    // CamelCase, for programs: "FencedAbove", "NotPrimary", "Diverged", …
	Message string `json:"message"` // for people, with the remedy
	HTTP    int    `json:"-"`
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

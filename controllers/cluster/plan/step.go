package plan

import (
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// Do is what a step does.
type Do string

// What a step can ask for. Record is a compare-and-swap of the decisions; if it fails nothing behind
// it is done. No other step is a condition for those behind it. The commands after it go to the node of Target.
const (
	Record         Do = "Record"
	CreateInstance Do = "CreateInstance" // certificate, volume and pod, whichever is missing
	DeletePod      Do = "DeletePod"
	DeleteInstance Do = "DeleteInstance" // pod, volume and certificate
	Label          Do = "Label"
	ProbeImage     Do = "ProbeImage"
	DeleteProbe    Do = "DeleteProbe"
	ClearRequest   Do = "ClearRequest" // the annotation that asked for a switchover
	Wait           Do = "Wait"

	Init           Do = "Init"
	Follow         Do = "Follow"
	Fence          Do = "Fence"
	Promote        Do = "Promote"
	Demote         Do = "Demote"
	SetSynchronous Do = "SetSynchronous"
	Retire         Do = "Retire"
	RaiseFormat    Do = "RaiseFormat"
	Checkpoint     Do = "Checkpoint"
	SwitchWAL      Do = "SwitchWAL"
)

// A Step is data. Reason is a word of api/v1 and appears unchanged in condition, event, log and test.
type Step struct {
	Do      Do
	Target  string // instance; or the image to probe
	Reason  string
	Message string

	Decisions *v1.Decisions // Record
	Role      string        // Label
	UID       string        // DeletePod, DeleteInstance: of the pod that was meant
	Claim     string        // DeleteInstance: UID of the volume claim that was meant
	Request   any           // the command's body: one of api/control's requests
	Deadline  time.Duration // Wait: how long is normal
	Poll      time.Duration // Wait: when to look again at the latest
}

func wait(reason, target, message string, deadline, poll time.Duration) Step {
	return Step{Do: Wait, Reason: reason, Target: target, Message: message, Deadline: deadline, Poll: poll}
}

func record(d *v1.Decisions, reason, target, message string) Step {
	return Step{Do: Record, Decisions: d, Reason: reason, Target: target, Message: message}
}

func fence(m *Member, timeline control.TimelineID, reason string) Step {
	return Step{Do: Fence, Target: m.Name, Reason: reason, Request: control.FenceRequest{Timeline: timeline}}
}

// disturbs reports whether a step takes something away from a running cluster or only waits.
func (s Step) disturbs() bool { return s.Do != Label && s.Do != ClearRequest }

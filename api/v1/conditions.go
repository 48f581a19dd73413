package v1

// Conditions of a WALCluster. Each has a reason from the list below it.
const (
	// ConditionReady: there is a primary that accepts writes and every instance is ready.
	ConditionReady = "Ready"
	// ConditionModulesInParity: every instance loaded exactly the modules that the cluster runs.
	ConditionModulesInParity = "ModulesInParity"
	// ConditionImageAccepted: the image was probed and offers every required module in its version.
	ConditionImageAccepted = "ImageAccepted"
	// ConditionRolloutBlocked: the gate refuses the wanted modules while records need the old ones.
	ConditionRolloutBlocked = "RolloutBlocked"
	// ConditionProgressing: the operator is on the way to the spec; the reason is the step.
	ConditionProgressing = "Progressing"
	// ConditionStalled: a wait is past its deadline, or the spec must be mended.
	ConditionStalled = "Stalled"
	// ConditionQuorumAvailable: enough synchronous standbys stream to release commits.
	ConditionQuorumAvailable = "QuorumAvailable"
	// ConditionFailoverInProgress: the primary is lost and its successor is not yet open.
	ConditionFailoverInProgress = "FailoverInProgress"
	// ConditionRetiring: a module is loaded only until its last record is gone.
	ConditionRetiring = "Retiring"
	// ConditionReserved, of a ResourceManager: the ID belongs to the name.
	ConditionReserved = "Reserved"
)

// Reasons of ConditionReady.
const (
	ReasonAllInstancesReady = "AllInstancesReady"
	ReasonInstancesNotReady = "InstancesNotReady"
	ReasonNoPrimary         = "NoPrimary"
	ReasonBootstrapping     = "Bootstrapping"
	ReasonPaused            = "Paused"
)

// Reasons of ConditionModulesInParity.
const (
	ReasonInParity            = "InParity"
	ReasonSkew                = "Skew"
	ReasonInstanceUnreachable = "InstanceUnreachable"
)

// Reasons of ConditionImageAccepted.
const (
	ReasonProbed                 = "Probed"
	ReasonProbing                = "Probing"
	ReasonProbeFailed            = "ProbeFailed"
	ReasonProbeGarbage           = "ProbeGarbage"
	ReasonModuleNotOffered       = "ModuleNotOffered"
	ReasonModuleVersion          = "ModuleVersion"
	ReasonRmgrMismatch           = "RmgrMismatch"
	ReasonRmgrIDOutOfRange       = "RmgrIDOutOfRange"
	ReasonRmgrIDTaken            = "RmgrIDTaken"
	ReasonRmgrNameTaken          = "RmgrNameTaken"
	ReasonRmgrReserved           = "RmgrReservedForAnother"
	ReasonExperimentalNotAllowed = "ExperimentalNotAllowed"
)

// Reasons of ConditionRolloutBlocked.
const (
	ReasonNotBlocked    = "NotBlocked"
	ReasonRecordsRemain = "RecordsRemain"
	ReasonHolderUnknown = "HolderUnknown"
	ReasonFormatInForce = "FormatInForce"
)

// Reasons of ConditionProgressing, ConditionStalled and of the steps themselves.
const (
	ReasonSettled     = "Settled"
	ReasonProgressing = "Progressing"

	// creating
	ReasonImageNotAccepted       = "ImageNotAccepted"
	ReasonFirstInstance          = "FirstInstance"
	ReasonNewCluster             = "NewCluster"
	ReasonInstanceMissing        = "InstanceMissing"
	ReasonWaitingForInstance     = "WaitingForInstance"
	ReasonRecordsLost            = "RecordsOfOperatorLost"
	ReasonForeignData            = "ForeignData"
	ReasonPodFinished            = "PodFinished"
	ReasonVolumeMissing          = "VolumeMissing"
	ReasonServes                 = "Serves"
	ReasonDoesNotServe           = "DoesNotServe"
	ReasonIdentified             = "Identified"
	ReasonProbeImage             = "ProbeImage"
	ReasonProbeFinished          = "ProbeFinished"
	ReasonNewRevision            = "NewRevision"
	ReasonFollowPrimary          = "FollowPrimary"
	ReasonCloneFromPrimary       = "CloneFromPrimary"
	ReasonLogRemovedFromPrimary  = "LogRemovedFromPrimary"
	ReasonDivergedFromPrimary    = "DivergedFromPrimary"
	ReasonBehindClaimedTimeline  = "BehindClaimedTimeline"
	ReasonPrimaryOfOlderTimeline = "PrimaryOfOlderTimeline"

	// losing the primary
	ReasonPrimaryPodGone        = "PrimaryPodGone"
	ReasonPrimaryProcessDead    = "PrimaryProcessDead"
	ReasonPrimaryUnreachable    = "PrimaryUnreachable"
	ReasonPrimaryDiskStalled    = "PrimaryDiskStalled"
	ReasonPrimaryEmpty          = "PrimaryEmpty"
	ReasonPrimarySuspect        = "PrimarySuspect"
	ReasonPrimaryLostLog        = "PrimaryLostLog"
	ReasonNoStandby             = "NoStandby"
	ReasonWaitingForQuorum      = "WaitingForFencedQuorum"
	ReasonWaitingForIsolation   = "WaitingForIsolation"
	ReasonNoCandidate           = "NoCandidate"
	ReasonMostAdvancedStandby   = "MostAdvancedStandby"
	ReasonFenceBeforePromotion  = "FenceBeforePromotion"
	ReasonPromoteClaimed        = "PromoteClaimed"
	ReasonRecordsAnnounced      = "RecordsAnnounced"
	ReasonPrimaryCameBack       = "PrimaryCameBack"
	ReasonWaitingForPrimary     = "WaitingForPrimary"
	ReasonNoFailover            = "NoFailover"
	ReasonQuorumStreams         = "QuorumStreams"
	ReasonQuorumMissing         = "QuorumMissing"
	ReasonAsynchronous          = "Asynchronous"
	ReasonSynchronousChange     = "SynchronousSetChange"
	ReasonSynchronousInForce    = "SynchronousSetInForce"
	ReasonSynchronousSuperseded = "SynchronousSetSuperseded"

	// planned changes
	ReasonSwitchoverRequested   = "SwitchoverRequested"
	ReasonSwitchoverRefused     = "SwitchoverRefused"
	ReasonSwitchoverForRollout  = "SwitchoverForRollout"
	ReasonWaitingForCandidate   = "WaitingForCandidate"
	ReasonSwitchoverAborted     = "SwitchoverAborted"
	ReasonNeverReady            = "NeverReady"
	ReasonOutdatedStandby       = "OutdatedStandby"
	ReasonOutdatedPrimary       = "OutdatedPrimary"
	ReasonScaleUp               = "ScaleUp"
	ReasonScaleDown             = "ScaleDown"
	ReasonFormatNewlyReplayable = "FormatReplayedByAll"
	ReasonModuleRetiring        = "ModuleRetiring"
	ReasonModuleActive          = "ModuleActive"
	ReasonPushRecordsOut        = "PushRecordsOut"
	ReasonModuleRetired         = "ModuleRetired"
	ReasonNothingRetiring       = "NothingRetiring"
	ReasonDraining              = "Draining"
	ReasonStepFailed            = "StepFailed"
	ReasonGateOverridden        = "GateOverridden"
	ReasonCommandRefused        = "CommandRefused"
)

// Reasons of ConditionReserved.
const (
	ReasonIDReserved = "IDReserved"
	ReasonNameTaken  = "NameTaken"
)

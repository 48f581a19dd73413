package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WALCluster is a replicated cluster of write-ahead-log nodes that all preload the same modules in
// the same versions.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,shortName=walc,categories=redoubt
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.instances,statuspath=.status.instances,selectorpath=.status.selector
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Instances",type=integer,JSONPath=`.spec.instances`
// +kubebuilder:printcolumn:name="Up",type=integer,JSONPath=`.status.readyInstances`
// +kubebuilder:printcolumn:name="Primary",type=string,JSONPath=`.status.currentPrimary`
// +kubebuilder:printcolumn:name="Timeline",type=integer,JSONPath=`.status.timeline.id`
// +kubebuilder:printcolumn:name="Blocked",type=string,JSONPath=`.status.gate.blocked`
// +kubebuilder:printcolumn:name="Doing",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Progressing")].reason`
// +kubebuilder:printcolumn:name="Image",type=string,priority=1,JSONPath=`.status.accepted.image`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="the name of a WALCluster begins with a letter and has up to 40 lower-case letters, digits and dashes: pods and services are named after it"
// +kubebuilder:validation:XValidation:rule="self.spec == oldSelf.spec || !has(self.status) || !has(self.status.image) || !has(self.status.image.modules) || self.status.image.reference != self.spec.image || !has(self.spec.modules) || self.spec.modules.all(m, (has(m.state) && m.state == 'Retiring') || self.status.image.modules.exists(o, o.name == m.name && o.version == m.version) || self.spec.image == oldSelf.spec.image && has(oldSelf.spec.modules) && oldSelf.spec.modules.exists(o, o.name == m.name && o.version == m.version))",message="the image was asked and does not offer every module of spec.modules in its version: status.image.modules lists what it offers",fieldPath=".spec.modules"
type WALCluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec WALClusterSpec `json:"spec"`
	// +optional
	Status WALClusterStatus `json:"status,omitempty"`
}

// WALClusterSpec is what a person wants.
//
// +kubebuilder:validation:XValidation:rule="!has(self.synchronous) || self.synchronous.number < self.instances",message="synchronous.number must be smaller than instances: the primary does not count as its own standby",fieldPath=".synchronous.number"
// +kubebuilder:validation:XValidation:rule="!has(self.modules) || self.modules.all(m, !has(m.rmgrs) || m.rmgrs.all(r, self.modules.filter(n, has(n.rmgrs) && n.rmgrs.exists(q, q.id == r.id)).size() == 1))",message="two modules declare the same resource manager ID",fieldPath=".modules"
// +kubebuilder:validation:XValidation:rule="!has(self.modules) || self.modules.all(m, !has(m.rmgrs) || m.rmgrs.all(r, self.modules.filter(n, has(n.rmgrs) && n.rmgrs.exists(q, q.name == r.name)).size() == 1))",message="two modules declare the same resource manager name",fieldPath=".modules"
// +kubebuilder:validation:XValidation:rule="self.allowExperimental || !has(self.modules) || self.modules.all(m, !has(m.rmgrs) || m.rmgrs.all(r, r.id != 128))",message="resource manager ID 128 is for experiments: choose an ID that is reserved for the module, or set allowExperimental",fieldPath=".modules"
type WALClusterSpec struct {
	// instances is the number of nodes, the primary included.
	// +kubebuilder:default=3
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=15
	Instances int32 `json:"instances,omitempty"`

	// image of the node, with the modules built in. It is asked what it offers before any pod is
	// touched, and every pod is pinned to the digest that answered.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image"`

	// imagePullPolicy of every container.
	// +optional
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`

	// imagePullSecrets to pull the image with.
	// +optional
	// +kubebuilder:validation:MaxItems=8
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`

	// modules is the required set: exactly these are preloaded, in exactly these versions. A module
	// whose entry is deleted is retired first: it stays loaded until its last record is gone.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Modules []Module `json:"modules,omitempty"`

	// allowExperimental accepts modules with the experimental resource manager ID 128.
	// +kubebuilder:default=false
	AllowExperimental bool `json:"allowExperimental,omitempty"`

	// synchronous says how many standbys have a commit on disk before it returns. Absent:
	// asynchronous, and a failover may lose the newest commits.
	// +optional
	Synchronous *Synchronous `json:"synchronous,omitempty"`

	// storage of each instance.
	Storage Storage `json:"storage"`

	// settings of the node, by PostgreSQL's names. A change restarts the instances one by one.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^[a-z][a-z0-9_.]{0,62}$'))",message="a setting's name has lower-case letters, digits and underscores"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !(k in ['cluster_name', 'managed', 'listen_addresses', 'port', 'preload_modules', 'control_listen', 'control_cert_file', 'control_key_file', 'control_ca_file', 'health_listen', 'ssl', 'ssl_cert_file', 'ssl_key_file', 'ssl_ca_file', 'primary_conninfo', 'primary_slot_name', 'synchronous_standby_names', 'superuser_password_file', 'write_probe_interval', 'isolation_timeout', 'instance_name', 'application_name', 'allow_experimental', 'authentication', 'superuser_name', 'control_client_name', 'unix_socket_directories']))",message="a setting that the operator writes itself cannot be set here: modules, synchronous and failover have fields of their own"
	Settings map[string]SettingValue `json:"settings,omitempty"`

	// failover says when a primary counts as lost.
	// +optional
	// +kubebuilder:default={}
	Failover Failover `json:"failover,omitempty"`

	// resources of each instance's container.
	// +optional
	Resources corev1.ResourceRequirements `json:"resources,omitempty"`

	// nodeSelector of each instance's pod.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations of each instance's pod.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
}

// SettingValue is the value of a setting, as text.
// +kubebuilder:validation:MaxLength=1024
type SettingValue string

// ModuleState is what a module of the spec should do.
// +kubebuilder:validation:Enum=Active;Retiring
type ModuleState string

// The states that a person may ask for.
const (
	ModuleActive   ModuleState = "Active"
	ModuleRetiring ModuleState = "Retiring"
)

// RetirementState is how far a module on its way out has come.
// +kubebuilder:validation:Enum=Retiring;Retired
type RetirementState string

// Retiring: loaded, replays, refuses new records. Retired: nobody holds a record of it, and it is
// loaded no longer.
const (
	StateRetiring RetirementState = "Retiring"
	StateRetired  RetirementState = "Retired"
)

// A Module is required in one version.
type Module struct {
	// name of the module, as the image offers it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="a module's name is a DNS label: lower-case letters, digits and hyphens, with a letter or digit at each end"
	Name string `json:"name"`

	// version is the semantic version that the image must offer, exactly.
	// +kubebuilder:validation:MinLength=5
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^(0|[1-9][0-9]*)[.](0|[1-9][0-9]*)[.](0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?([+][0-9A-Za-z.-]+)?$')",message="a version is semantic, as 1.2.0 or 2.0.0-rc.1, without a leading v"
	Version string `json:"version"`

	// state Retiring keeps the module loaded but refuses new records of it, until none is left.
	// +kubebuilder:default=Active
	State ModuleState `json:"state,omitempty"`

	// rmgrs, if given, are the resource managers that the module must register, no more and no less.
	// +optional
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=8
	Rmgrs []RmgrID `json:"rmgrs,omitempty"`
}

// RmgrID is a resource manager's number and name.
type RmgrID struct {
	// id of a custom resource manager.
	// +kubebuilder:validation:Minimum=128
	// +kubebuilder:validation:Maximum=255
	ID int32 `json:"id"`
	// name that it registers itself with.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
}

// SynchronousMethod is any or first.
// +kubebuilder:validation:Enum=any;first
type SynchronousMethod string

// DataDurability is required or preferred.
// +kubebuilder:validation:Enum=required;preferred
type DataDurability string

// Methods of synchronous replication, and what to do when too few standbys are there.
const (
	SynchronousAny      SynchronousMethod = "any"
	SynchronousFirst    SynchronousMethod = "first"
	DurabilityRequired  DataDurability    = "required"
	DurabilityPreferred DataDurability    = "preferred"
)

// Synchronous is the rule that releases a commit.
type Synchronous struct {
	// method: any number of the standbys, or the first by name.
	// +kubebuilder:default=any
	Method SynchronousMethod `json:"method,omitempty"`

	// number of standbys that have a commit on disk before it returns.
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=14
	Number int32 `json:"number,omitempty"`

	// dataDurability: required lets commits wait when too few standbys are there; preferred lets
	// them through with fewer, which the operator records before the primary may do it.
	// +kubebuilder:default=required
	DataDurability DataDurability `json:"dataDurability,omitempty"`
}

// Storage is the volume of an instance.
//
// +kubebuilder:validation:XValidation:rule="has(self.storageClass) == has(oldSelf.storageClass)",message="storageClass cannot be changed: volumes keep theirs",fieldPath=".storageClass"
type Storage struct {
	// size of the volume. It can grow where the storage class allows it, and never shrinks.
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="storage.size must be more than nothing"
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).compareTo(quantity(string(oldSelf))) >= 0",message="storage.size cannot shrink"
	Size resource.Quantity `json:"size"`

	// storageClass of the volume. Absent: the default class.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="storageClass cannot be changed: volumes keep theirs"
	StorageClass *string `json:"storageClass,omitempty"`
}

// Failover says when a primary counts as lost. A process that dies is seen at once, without these.
type Failover struct {
	// detectionTimeout is how long a primary may be silent.
	// +kubebuilder:default="3s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('2s') && duration(self) <= duration('10m')",message="detectionTimeout is between 2s and 10m: an instance speaks once a second"
	DetectionTimeout metav1.Duration `json:"detectionTimeout,omitempty"`

	// isolationTimeout is after what time without operator and standbys a primary refuses writes.
	// Without synchronous replication a failover waits as long for a primary that cannot be reached.
	// +kubebuilder:default="10s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('1h')",message="isolationTimeout is between 1s and 1h"
	IsolationTimeout metav1.Duration `json:"isolationTimeout,omitempty"`
}

// WALClusterStatus is what the operator saw and decided.
type WALClusterStatus struct {
	// observedGeneration is the generation of the spec that the rest of the status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// instances that exist.
	// +optional
	Instances int32 `json:"instances,omitempty"`

	// readyInstances that serve.
	// +optional
	ReadyInstances int32 `json:"readyInstances,omitempty"`

	// selector of the instances' pods, for the scale subresource.
	// +optional
	Selector string `json:"selector,omitempty"`

	// currentPrimary accepts writes.
	// +optional
	CurrentPrimary string `json:"currentPrimary,omitempty"`

	Decisions `json:",inline"`

	// gate is the last decision whether the wanted modules may run.
	// +optional
	Gate *Gate `json:"gate,omitempty"`

	// members is a line per instance.
	// +optional
	// +listType=map
	// +listMapKey=name
	Members []Member `json:"members,omitempty"`

	// waiting is what the operator waits for.
	// +optional
	Waiting *Waiting `json:"waiting,omitempty"`

	// conditions: Ready, ModulesInParity, ImageAccepted, RolloutBlocked, Progressing, Stalled,
	// QuorumAvailable, FailoverInProgress, Retiring.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Decisions are recorded, with a compare-and-swap on the object, before they are acted on.
type Decisions struct {
	// systemIdentifier of the cluster's log.
	// +optional
	SystemIdentifier string `json:"systemIdentifier,omitempty"`

	// timeline is the claim: the fencing token in force.
	// +optional
	Timeline *TimelineClaim `json:"timeline,omitempty"`

	// targetPrimary is who should be the primary; another than timeline.primary: a switchover.
	// +optional
	TargetPrimary string `json:"targetPrimary,omitempty"`

	// switchover in progress.
	// +optional
	Switchover *Switchover `json:"switchover,omitempty"`

	// image is what spec.image answered when it was asked.
	// +optional
	Image *ImageStatus `json:"image,omitempty"`

	// accepted is what pods are built from: the last image and modules that probe and gate let through.
	// +optional
	Accepted *Revision `json:"accepted,omitempty"`

	// records are the families of records that may stand in the log. An instance that cannot be
	// asked is assumed to hold all of them.
	// +optional
	// +listType=atomic
	Records []RecordFamily `json:"records,omitempty"`

	// modules that are retiring or retired.
	// +optional
	// +listType=map
	// +listMapKey=name
	Modules []ModuleProgress `json:"modules,omitempty"`

	// joined are the instances that were told to follow: only they can have acknowledged a commit.
	// +optional
	// +listType=set
	Joined []string `json:"joined,omitempty"`
}

// A TimelineClaim makes a timeline ID this cluster's own: it is never used again.
type TimelineClaim struct {
	// id of the timeline.
	ID int64 `json:"id"`
	// primary is the one instance that may be promoted on it; empty while none is chosen.
	// +optional
	Primary string `json:"primary,omitempty"`
	// lost is the primary before.
	// +optional
	Lost string `json:"lost,omitempty"`
	// reason of the claim.
	Reason string `json:"reason"`
	// claimedAt is when it was recorded.
	ClaimedAt metav1.MicroTime `json:"claimedAt"`
	// synchronousSets are all sets whose members may have acknowledged a commit that has to survive.
	// The last is the one that the primary uses or will use.
	// +optional
	// +listType=atomic
	SynchronousSets []AckSet `json:"synchronousSets,omitempty"`
	// fenced are the instances that had promised to follow nobody below id when the primary was chosen.
	// +optional
	// +listType=atomic
	Fenced []string `json:"fenced,omitempty"`
	// possibleLoss is the range of log that the lost primary may have confirmed and nobody has.
	// +optional
	PossibleLoss *LSNRange `json:"possibleLoss,omitempty"`
}

// An AckSet is a primary with the standbys that may release its commits.
type AckSet struct {
	// timeline that the primary wrote.
	Timeline int64 `json:"timeline"`
	// primary; empty: not known, any member may have been.
	// +optional
	Primary string `json:"primary,omitempty"`
	// method; empty: asynchronous.
	// +optional
	Method SynchronousMethod `json:"method,omitempty"`
	// number of members that released a commit.
	// +optional
	Number int32 `json:"number,omitempty"`
	// members that counted.
	// +optional
	// +listType=atomic
	Members []string `json:"members,omitempty"`
	// serial counts the sets. An instance takes no set with a lower one than it had: a command that comes
	// late brings back no set that is forgotten here.
	// +optional
	Serial int64 `json:"serial,omitempty"`
	// until is the end of what was confirmed by this set, once a later one is in force. When the later
	// one has it too, this set is forgotten.
	// +optional
	Until string `json:"until,omitempty"`
}

// LSNRange is a range of log.
type LSNRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// A Switchover is a planned change of the primary.
type Switchover struct {
	To        string           `json:"to"`
	Reason    string           `json:"reason"`
	StartedAt metav1.MicroTime `json:"startedAt"`
}

// A Revision is what pods are built from.
type Revision struct {
	// reference as the spec had it.
	Reference string `json:"reference"`
	// image that pods run, by digest where the registry gave one.
	Image string `json:"image"`
	// digest that answered the probe.
	// +optional
	Digest string `json:"digest,omitempty"`
	// modules that are preloaded, with what they write and replay.
	// +optional
	// +listType=map
	// +listMapKey=name
	Modules []ModuleManifest `json:"modules,omitempty"`
}

// A RecordFamily is a range of formats of one resource manager.
type RecordFamily struct {
	Module  string      `json:"module"`
	Rmgr    int32       `json:"rmgr"`
	Name    string      `json:"name"`
	Formats FormatRange `json:"formats"`
}

// FormatRange is an inclusive range of record formats.
type FormatRange struct {
	Min int32 `json:"min"`
	Max int32 `json:"max"`
}

// ModuleManifest is a module as an image offers it.
type ModuleManifest struct {
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name"`
	// +kubebuilder:validation:MaxLength=128
	Version string `json:"version"`
	// +optional
	// +listType=atomic
	Rmgrs []RmgrManifest `json:"rmgrs,omitempty"`
}

// RmgrManifest is a resource manager as an image offers it.
type RmgrManifest struct {
	ID      int32       `json:"id"`
	Name    string      `json:"name"`
	Writes  FormatRange `json:"writes"`
	Replays FormatRange `json:"replays"`
}

// ImageStatus is the answer of an image.
type ImageStatus struct {
	// reference that was asked.
	// +kubebuilder:validation:MaxLength=512
	Reference string `json:"reference"`
	// image by digest, which pods will run.
	// +optional
	Image string `json:"image,omitempty"`
	// digest that answered.
	// +optional
	Digest string `json:"digest,omitempty"`
	// modules that it offers.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Modules []ModuleManifest `json:"modules,omitempty"`
	// error says why there is no answer.
	// +optional
	Error string `json:"error,omitempty"`
	// reason of the error, as in the condition ImageAccepted.
	// +optional
	Reason string `json:"reason,omitempty"`
	// askedAt is when the answer came.
	// +optional
	AskedAt metav1.Time `json:"askedAt,omitzero"`
}

// Gate is a decision.
type Gate struct {
	// blocked is the reason of the first refusal; empty: the way is free.
	// +optional
	Blocked string `json:"blocked,omitempty"`
	// refusals, one per holder and family of records.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Refusals []Refusal `json:"refusals,omitempty"`
}

// A Refusal names who holds what the wanted modules could not replay, and what clears it.
type Refusal struct {
	Reason string `json:"reason"`
	Module string `json:"module,omitempty"`
	Rmgr   int32  `json:"rmgr,omitempty"`
	Name   string `json:"name,omitempty"`
	Format int32  `json:"format,omitempty"`
	// instance that holds the records.
	Instance string `json:"instance"`
	// holder is pg_wal, a slot, the archive or a backup of the instance.
	Holder string `json:"holder,omitempty"`
	// first and last record, by position.
	First string `json:"first,omitempty"`
	Last  string `json:"last,omitempty"`
	// count of records.
	Count int64 `json:"count,omitempty"`
	// message says all of it in a sentence, with what clears it.
	Message string `json:"message"`
}

// ModuleProgress is a module on its way out.
type ModuleProgress struct {
	Name  string          `json:"name"`
	State RetirementState `json:"state"`
	// since when.
	Since metav1.Time `json:"since"`
	// pushedAt is when a checkpoint and a segment switch were last asked for.
	// +optional
	PushedAt *metav1.Time `json:"pushedAt,omitempty"`
	// holders that still have records of it.
	// +optional
	// +listType=atomic
	Holders []string `json:"holders,omitempty"`
}

// A Member is one instance.
type Member struct {
	Name string `json:"name"`
	// role as the instance says; Unreachable when it cannot be asked.
	Role string `json:"role"`
	// +optional
	Ready bool `json:"ready,omitempty"`
	// +optional
	Timeline int64 `json:"timeline,omitempty"`
	// flushLSN as last seen; it is not updated when nothing else changes.
	// +optional
	FlushLSN string `json:"flushLSN,omitempty"`
	// +optional
	Node string `json:"node,omitempty"`
	// revision that its pod was built from.
	// +optional
	Revision string `json:"revision,omitempty"`
	// modules that it loaded, as name@version.
	// +optional
	// +listType=atomic
	Modules []string `json:"modules,omitempty"`
	// message of the instance, or why it cannot be asked.
	// +optional
	Message string `json:"message,omitempty"`
}

// Waiting is what the operator waits for and since when.
type Waiting struct {
	Reason string `json:"reason"`
	// +optional
	Target string      `json:"target,omitempty"`
	Since  metav1.Time `json:"since"`
}

// WALClusterList is a list of WALCluster.
//
// +kubebuilder:object:root=true
type WALClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []WALCluster `json:"items"`
}

package v1

// Labels on every object of a cluster.
const (
	LabelCluster   = "redoubt.dev/cluster"   // name of the WALCluster
	LabelInstance  = "redoubt.dev/instance"  // name of the instance: pods, claims, certificates
	LabelRole      = "redoubt.dev/role"      // of an instance's pod: RolePrimary or RoleReplica; the services select by it
	LabelComponent = "redoubt.dev/component" // ComponentInstance or ComponentProbe
)

// Values of LabelRole and LabelComponent.
const (
	RolePrimary       = "primary"
	RoleReplica       = "replica"
	ComponentInstance = "instance"
	ComponentProbe    = "probe"
)

// Annotations that the operator writes.
const (
	// AnnotationRevision on a pod names the revision that it was built from. A pod with another
	// revision than the cluster's is replaced by a rollout.
	AnnotationRevision = "redoubt.dev/revision"
	// AnnotationImage on a probe pod is the image reference it asks.
	AnnotationImage = "redoubt.dev/image"
)

// Annotations that people write on a WALCluster.
const (
	// AnnotationSwitchover asks for a planned switchover: the name of an instance, or "any". The
	// operator removes it when it has begun or refused.
	AnnotationSwitchover = "redoubt.dev/switchover"
	// AnnotationRestartedAt asks for a rolling restart: any new value is a new revision.
	AnnotationRestartedAt = "redoubt.dev/restartedAt"
	// AnnotationOverride lets one module's records of one resource manager be made unreadable:
	// "MODULE/RMGR-ID until RFC3339", for example "kv/251 until 2027-01-02T15:04:05Z". It ends by
	// itself, and its use is an event.
	AnnotationOverride = "redoubt.dev/override-gate"
	// AnnotationPaused stops what the operator decides about a cluster while it is "true", failover too;
	// observing and reporting go on, and services, secrets and certificates are kept as they should be.
	AnnotationPaused = "redoubt.dev/paused"
)

// OperatorName is the field manager of the operator and the common name of its client certificate.
const OperatorName = "redoubt-operator"

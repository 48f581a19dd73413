package desired

import (
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// User that a node runs as. The volume belongs to its group.
const userID = 10001

// Container is the name of a node's container.
const Container = "node"

// Pod of an instance, built from what the cluster has accepted.
func Pod(c *v1.WALCluster, instance, revision string) *corev1.Pod {
	meta := Meta(c, instance, map[string]string{
		v1.LabelInstance: instance, v1.LabelComponent: v1.ComponentInstance, v1.LabelRole: v1.RoleReplica,
	})
	meta.Annotations = map[string]string{v1.AnnotationRevision: revision}
	args := []string{"run", "-D", DataDir}
	for _, s := range Settings(c, instance) {
		args = append(args, "-c", s)
	}
	spec := restricted(c)
	grace := int64(60)
	spec.TerminationGracePeriodSeconds = &grace
	spec.RestartPolicy = corev1.RestartPolicyAlways
	spec.Hostname = instance
	spec.Affinity = spread(c)
	spec.Volumes = []corev1.Volume{
		{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: instance}}},
		{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: SecretTLS(instance), DefaultMode: mode(0o440)}}},
		{Name: "app", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: SecretApp(c.Name), DefaultMode: mode(0o440),
			Items: []corev1.KeyToPath{{Key: "password", Path: "password"}}}}},
		{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	}
	node := container(c, c.Status.Accepted.Image, args)
	node.Name = Container
	node.Resources = c.Spec.Resources
	node.Ports = []corev1.ContainerPort{
		{Name: "sql", ContainerPort: PortSQL, Protocol: corev1.ProtocolTCP},
		{Name: "control", ContainerPort: PortControl, Protocol: corev1.ProtocolTCP},
		{Name: "health", ContainerPort: PortHealth, Protocol: corev1.ProtocolTCP},
	}
	node.VolumeMounts = []corev1.VolumeMount{
		{Name: "data", MountPath: volumeDir},
		{Name: "tls", MountPath: tlsDir, ReadOnly: true},
		{Name: "app", MountPath: appDir, ReadOnly: true},
		{Name: "tmp", MountPath: tmpDir},
	}
	// A node answers /startupz once its process is up and its own log is replayed; a long recovery has
	// an hour. Liveness is only about a process that hangs: who is primary is the operator's matter.
	node.StartupProbe = probe("/startupz", 1, 3600)
	node.LivenessProbe = probe("/healthz", 10, 6)
	node.ReadinessProbe = probe("/readyz", 2, 2)
	spec.Containers = []corev1.Container{node}
	return &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: meta, Spec: spec}
}

// Probe is the pod that asks an image what it offers: the answer is its termination message.
func Probe(c *v1.WALCluster) *corev1.Pod {
	meta := Meta(c, PodProbe(c.Name), map[string]string{v1.LabelComponent: v1.ComponentProbe})
	meta.Annotations = map[string]string{v1.AnnotationImage: c.Spec.Image}
	spec := restricted(c)
	spec.RestartPolicy = corev1.RestartPolicyNever
	deadline, grace := int64(600), int64(0)
	spec.ActiveDeadlineSeconds, spec.TerminationGracePeriodSeconds = &deadline, &grace
	ask := container(c, c.Spec.Image, []string{"modules", "-o", "json", "--to", "/dev/termination-log"})
	ask.Name = v1.ComponentProbe
	ask.Resources = corev1.ResourceRequirements{ // a quota must not block every rollout
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
		Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("128Mi")},
	}
	spec.Containers = []corev1.Container{ask}
	meta.Annotations[v1.AnnotationRevision] = revision(spec, "")
	return &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: meta, Spec: spec}
}

// restricted is what every pod has in common: no privilege, no token, no service variables.
func restricted(c *v1.WALCluster) corev1.PodSpec {
	yes, no, id := true, false, int64(userID)
	onRootMismatch := corev1.FSGroupChangeOnRootMismatch
	return corev1.PodSpec{
		AutomountServiceAccountToken: &no,
		EnableServiceLinks:           &no,
		ImagePullSecrets:             c.Spec.ImagePullSecrets,
		NodeSelector:                 c.Spec.NodeSelector,
		Tolerations:                  c.Spec.Tolerations,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &id, RunAsGroup: &id, FSGroup: &id, FSGroupChangePolicy: &onRootMismatch,
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}

func container(c *v1.WALCluster, image string, args []string) corev1.Container {
	yes, no := true, false
	return corev1.Container{
		Image: image, ImagePullPolicy: c.Spec.ImagePullPolicy, Args: args,
		TerminationMessagePath:   corev1.TerminationMessagePathDefault,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, RunAsNonRoot: &yes,
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}

// spread prefers a Kubernetes node of its own for each instance.
func spread(c *v1.WALCluster) *corev1.Affinity {
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 100,
			PodAffinityTerm: corev1.PodAffinityTerm{
				TopologyKey:   corev1.LabelHostname,
				LabelSelector: &metav1.LabelSelector{MatchLabels: Selector(c.Name)},
			},
		}},
	}}
}

func probe(path string, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("health"), Scheme: corev1.URISchemeHTTP}},
		PeriodSeconds:    period,
		TimeoutSeconds:   5,
		SuccessThreshold: 1,
		FailureThreshold: failures,
	}
}

func mode(m int32) *int32 { return &m }

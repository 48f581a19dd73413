package cluster

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// probeOf reads what the probe pod's image answered.
func probeOf(p *corev1.Pod) *plan.Probe {
	out := &plan.Probe{Reference: p.Annotations[v1.AnnotationImage], Revision: p.Annotations[v1.AnnotationRevision], Problem: problem(p)}
	if len(p.Status.ContainerStatuses) == 1 {
		c := p.Status.ContainerStatuses[0]
		if t := c.State.Terminated; t != nil {
			image, digest := pinned(out.Reference, c.ImageID)
			answer := plan.ReadAnswer(out.Reference, image, digest, t.ExitCode, t.Message)
			if t.ExitCode != 0 && t.Message == "" {
				answer.Error += " (" + t.Reason + ")"
			}
			out.Answer = &answer
			return out
		}
	}
	if p.Status.Phase == corev1.PodFailed {
		answer := plan.ReadAnswer(out.Reference, "", "", 1, p.Status.Reason+": "+p.Status.Message)
		out.Answer = &answer
	}
	return out
}

// pinned is the reference by the digest that ran. A runtime that has no digest from a registry (an
// image that was loaded into it) leaves the reference as it is.
func pinned(reference, imageID string) (image, digest string) {
	imageID = strings.TrimPrefix(imageID, "docker-pullable://")
	_, digest, ok := strings.Cut(imageID, "@")
	if !ok {
		return reference, imageID
	}
	name, _, _ := strings.Cut(reference, "@")
	if slash, colon := strings.LastIndexByte(name, '/'), strings.LastIndexByte(name, ':'); colon > slash {
		name = name[:colon]
	}
	if strings.HasPrefix(imageID, "docker.io/library/import-") {
		return reference, digest // containerd's name for an image from a tar
	}
	return name + "@" + digest, digest
}

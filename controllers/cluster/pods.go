package cluster

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/desired"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

func podOf(p *corev1.Pod) *plan.Pod {
	out := &plan.Pod{
		UID: string(p.UID), IP: p.Status.PodIP, Node: p.Spec.NodeName, Revision: p.Annotations[v1.AnnotationRevision], Role: p.Labels[v1.LabelRole],
		Deleting: !p.DeletionTimestamp.IsZero(), Problem: problem(p),
		Finished: p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded,
	}
	for _, c := range p.Spec.Containers {
		for _, arg := range c.Args {
			if text, ok := strings.CutPrefix(arg, desired.SettingIsolation+"="); ok {
				if isolation, err := time.ParseDuration(text); err == nil {
					out.Isolation = &isolation
				}
			}
		}
	}
	for _, c := range p.Status.Conditions {
		out.Ready = out.Ready || c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	}
	return out
}

// problem says in the kubelet's and the scheduler's words why a pod does not run.
func problem(p *corev1.Pod) string {
	for _, c := range p.Status.ContainerStatuses {
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "ContainerCreating" && c.State.Waiting.Reason != "PodInitializing":
			text := c.State.Waiting.Reason + ": " + c.State.Waiting.Message
			if t := c.LastTerminationState.Terminated; t != nil {
				text += "; it ended with code " + strconv.Itoa(int(t.ExitCode)) + ": " + strings.TrimSpace(t.Message)
			}
			return text
		case c.State.Terminated != nil:
			return fmt.Sprintf("ended with code %d: %s %s", c.State.Terminated.ExitCode, c.State.Terminated.Reason, strings.TrimSpace(c.State.Terminated.Message))
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason + ": " + c.Message
		}
	}
	if p.Status.Phase == corev1.PodFailed {
		return p.Status.Reason + ": " + p.Status.Message
	}
	return ""
}

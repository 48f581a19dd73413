package volume_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/volume"
)

var nodes = []string{"node-1", "node-2", "node-3"}

func TestAClaimGetsAVolume(t *testing.T) {
	for name, test := range map[string]struct {
		class *storagev1.StorageClass
		node  string // chosen by the scheduler
		nodes int    // that can use the volume; none is no volume yet
	}{
		"standard waits for the scheduler":  {class("ours", storagev1.VolumeBindingWaitForFirstConsumer), "", 0},
		"standard stays where the pod runs": {class("ours", storagev1.VolumeBindingWaitForFirstConsumer), "node-2", 1},
		"shared is for every node":          {class("ours", storagev1.VolumeBindingImmediate), "", 3},
		"others' classes are not ours":      {class("other", storagev1.VolumeBindingImmediate), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if test.class.Provisioner == "ours" {
				test.class.Provisioner = layout.VolumeProvisioner
			}
			claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{UID: "u"}}
			if test.node != "" {
				claim.Annotations = map[string]string{"volume.kubernetes.io/selected-node": test.node}
			}
			if !volume.NeedsVolume(claim, test.class) {
				if test.nodes != 0 {
					t.Error("no volume is made")
				}
				return
			}
			made := volume.For(claim, test.class, "/volumes", nodes)
			where := made.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values
			if len(where) != test.nodes || made.Spec.Local.Path != "/volumes/pvc-u" {
				t.Errorf("got %s on %v, want it on %d nodes", made.Spec.Local.Path, where, test.nodes)
			}
			claim.Spec.VolumeName = made.Name
			if volume.NeedsVolume(claim, test.class) {
				t.Error("a bound claim would get a second volume")
			}
		})
	}
}

func TestOnlyReleasedVolumesOfOursAreRemoved(t *testing.T) {
	claim := &corev1.PersistentVolumeClaim{}
	made := volume.For(claim, class("any", storagev1.VolumeBindingImmediate), "/volumes", nodes)
	made.Status.Phase = corev1.VolumeBound
	if volume.IsOver(made) {
		t.Error("a bound volume would be removed")
	}
	made.Status.Phase = corev1.VolumeReleased
	if !volume.IsOver(made) {
		t.Error("a released volume would stay")
	}
	made.Annotations = nil
	if volume.IsOver(made) {
		t.Error("somebody else's volume would be removed")
	}
}

func class(provisioner string, mode storagev1.VolumeBindingMode) *storagev1.StorageClass {
	return &storagev1.StorageClass{Provisioner: provisioner, VolumeBindingMode: &mode}
}

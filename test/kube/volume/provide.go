package volume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// A Provider makes and deletes the volumes of a cluster.
type Provider struct {
	Client     kubernetes.Interface
	Directory  string   // where the volumes are
	PathInNode string   // the same directory as the nodes see it
	Nodes      []string // all of them
}

// Run provides until ctx ends. Everything is looked at again after each
// change, and every few seconds in case something failed: there are few claims.
func (p Provider) Run(ctx context.Context) {
	factory := informers.NewSharedInformerFactory(p.Client, 0)
	claims := factory.Core().V1().PersistentVolumeClaims()
	volumes := factory.Core().V1().PersistentVolumes()
	classes := factory.Storage().V1().StorageClasses()

	changed := make(chan struct{}, 1)
	wake := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	onChange := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { wake() },
		UpdateFunc: func(any, any) { wake() },
		DeleteFunc: func(any) { wake() },
	}
	for _, informer := range []cache.SharedIndexInformer{claims.Informer(), volumes.Informer(), classes.Informer()} {
		_, _ = informer.AddEventHandler(onChange) // fails only when the informer has stopped
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	for ctx.Err() == nil {
		known, _ := claims.Lister().List(labels.Everything())
		for _, claim := range known {
			if claim.Spec.StorageClassName == nil {
				continue
			}
			class, err := classes.Lister().Get(*claim.Spec.StorageClassName)
			if err != nil || !NeedsVolume(claim, class) {
				continue
			}
			if err := p.provide(ctx, For(claim, class, p.PathInNode, p.Nodes)); err != nil {
				klog.ErrorS(err, "could not provide a volume", "PersistentVolumeClaim", klog.KObj(claim))
			}
		}
		provided, _ := volumes.Lister().List(labels.Everything())
		for _, volume := range provided {
			if !IsOver(volume) {
				continue
			}
			if err := p.remove(ctx, volume); err != nil {
				klog.ErrorS(err, "could not remove a volume", "PersistentVolume", volume.Name)
			}
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(5 * time.Second):
		}
	}
}

func (p Provider) provide(ctx context.Context, volume *corev1.PersistentVolume) error {
	directory := filepath.Join(p.Directory, volume.Name)
	if err := os.Mkdir(directory, 0o777); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a volume's directory: %w", err)
	}
	// Open to all, whatever our umask is, for pods that set no fsGroup.
	if err := os.Chmod(directory, 0o777); err != nil {
		return err
	}
	_, err := p.Client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil // the binding is under way
	}
	return err
}

func (p Provider) remove(ctx context.Context, volume *corev1.PersistentVolume) error {
	if err := os.RemoveAll(filepath.Join(p.Directory, volume.Name)); err != nil {
		return err
	}
	err := p.Client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

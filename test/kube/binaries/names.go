package binaries

import (
	"os"
	"path/filepath"
)

const (
	kubebox = "kubebox" // see cmd/kubebox
	stamp   = ".built"  // of what the binaries were built
)

// linked are the names under which kubebox is called.
var linked = []string{
	"cluster-dns", "etcd", "helm", "kube-apiserver", "kube-controller-manager", "kube-proxy",
	"kube-scheduler", "kubectl", "kubelet", "registry", "volume-provisioner",
}

// built are the programs with a file of their own.
var built = []string{kubebox, "localkube", "pause"}

// Missing is whether the directory lacks any of the programs.
func Missing(directory string) bool {
	for _, name := range append(linked, built...) {
		if _, err := os.Stat(filepath.Join(directory, name)); err != nil {
			return true
		}
	}
	return false
}

// Remove deletes the programs, and the directory if nothing else is in it.
func Remove(directory string) error {
	for _, name := range append(append(linked, built...), stamp) {
		if err := os.Remove(filepath.Join(directory, name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	_ = os.Remove(directory) // fails if somebody else keeps something there
	return nil
}

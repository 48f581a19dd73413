package settings

import "github.com/redoubt-wal/redoubt/test/kube/layout"

// StorageClasses are what claims can ask for; see package volume.
func StorageClasses() []string {
	return []string{
		storageClass("standard", "true", "WaitForFirstConsumer"),
		storageClass("shared", "false", "Immediate"),
	}
}

func storageClass(name, isDefault, binding string) string {
	return `{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass",` +
		`"metadata":{"name":"` + name + `","annotations":{"storageclass.kubernetes.io/is-default-class":"` + isDefault + `"}},` +
		`"provisioner":"` + layout.VolumeProvisioner + `","volumeBindingMode":"` + binding + `"}`
}

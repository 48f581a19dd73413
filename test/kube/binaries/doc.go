// Package binaries builds the programs of a cluster from this module.
//
// The directory they go to also serves controller-runtime's envtest: it has
// the names etcd, kube-apiserver and kubectl (KUBEBUILDER_ASSETS).
package binaries

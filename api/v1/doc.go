// Package v1 is the Kubernetes API of Redoubt, group redoubt.dev: the kinds [WALCluster] and
// [ResourceManager], the words of their conditions ([ConditionReady] and its siblings) and the
// labels and annotations on everything that belongs to a cluster.
//
// It holds types, markers and constants, no behaviour: who decides what is in controllers/. What
// a server can check by itself (CEL) is written beside the field it protects, as a sentence.
//
// The CRDs in config/crd and the copies in the chart are generated from here: `make generate`.
//
// +kubebuilder:object:generate=true
// +groupName=redoubt.dev
package v1

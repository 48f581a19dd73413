package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is redoubt.dev/v1.
var GroupVersion = schema.GroupVersion{Group: "redoubt.dev", Version: "v1"}

// AddToScheme adds the kinds of this package to a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&WALCluster{}, &WALClusterList{},
		&ResourceManager{}, &ResourceManagerList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ResourceManager reserves one resource manager ID for one name, for every cluster of this
// Kubernetes: it does what PostgreSQL's wiki page of custom resource managers does, and is obeyed.
// An image whose module registers a reserved ID under another name is not accepted.
//
// Its own name is rmgr-<id>, so that a second reservation of an ID is refused by the server.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,shortName=rmgr,categories=redoubt
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="ID",type=integer,JSONPath=`.spec.id`
// +kubebuilder:printcolumn:name="Rmgr",type=string,JSONPath=`.spec.name`
// +kubebuilder:printcolumn:name="Reserved",type=string,JSONPath=`.status.conditions[?(@.type=="Reserved")].status`
// +kubebuilder:printcolumn:name="Owner",type=string,JSONPath=`.spec.owner`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() == 8 && self.metadata.name.startsWith('rmgr-') && int(self.metadata.name.substring(5)) == self.spec.id",message="the name of a ResourceManager is rmgr-<spec.id>, so that an ID is reserved once",fieldPath=".spec.id"
type ResourceManager struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec ResourceManagerSpec `json:"spec"`
	// +optional
	Status ResourceManagerStatus `json:"status,omitempty"`
}

// ResourceManagerSpec is the reservation.
type ResourceManagerSpec struct {
	// id of the custom resource manager. 128 is for experiments and cannot be reserved; 250 is
	// Redoubt's own record of the loaded modules.
	// +kubebuilder:validation:Minimum=128
	// +kubebuilder:validation:Maximum=255
	// +kubebuilder:validation:XValidation:rule="self != 128",message="128 is the experimental ID: it belongs to nobody and cannot be reserved"
	// +kubebuilder:validation:XValidation:rule="self != 250",message="250 is the ID of Redoubt's own MODULES record"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a reserved ID cannot be changed: records in a log may carry it; make another ResourceManager"
	ID int32 `json:"id"`

	// name that the manager registers itself with. Compared without regard to case.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="the name of a reserved ID cannot be changed: records in a log may carry it"
	Name string `json:"name"`

	// owner is whom to ask: a team, a repository, a person.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Owner string `json:"owner,omitempty"`
}

// ResourceManagerStatus says whether the reservation holds.
type ResourceManagerStatus struct {
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Reserved.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ResourceManagerList is a list of ResourceManager.
//
// +kubebuilder:object:root=true
type ResourceManagerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ResourceManager `json:"items"`
}

// Package config holds no code: beside it are the manifests that an installation without Helm
// applies. crd and rbac are generated from the markers in api/v1 and controllers, the chart has
// copies of both; manager has the operator's deployment and samples a cluster to begin with.
//
//go:generate go tool controller-gen object paths=../api/v1
//go:generate go tool controller-gen crd paths=../api/v1 output:crd:dir=crd
//go:generate go tool controller-gen rbac:roleName=redoubt-operator paths=../controllers/... output:rbac:dir=rbac
//go:generate go run ./chartcopy
package config

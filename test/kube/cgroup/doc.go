// Package cgroup makes and removes the cgroups below which the kubelets put
// their pods. It works with both versions of cgroups.
package cgroup

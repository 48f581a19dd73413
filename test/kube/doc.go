// Package kube is a real Kubernetes for tests and demonstrations: three nodes
// on one machine that has nothing but Linux, Go, root and Debian's packages.
// Nothing in it is mocked: pods are pods, and a node can be cut off by taking
// its link down.
//
//	cmd/localkube   the launcher: up, down, load-image, cut-node, ...
//	cmd/kubebox     Kubernetes, etcd and helm in one program
//	cmd/pause       what holds a pod's namespaces
//
//	cluster         starts and stops machines made of namespaces
//	  layout        names, addresses and paths
//	  settings      command lines and configuration files
//	  pki           certificates
//	  supervisor    process 1 of a machine
//	  network       the links between machines
//	  cgroup        the parents of the pods' cgroups
//	kind            the same with kind, where there is Docker
//	image           images of static binaries, and pushing them
//	dns, volume     the cluster's name server and its volume provisioner
//	host            what the machine has to have
//	binaries        builds it all
//
// It is a module of its own: what Kubernetes requires is not what the product
// requires. The package itself holds only the end-to-end test:
//
//	go test -vet=off -tags kube -count 1 -v .
//
// (Vetting would read all of Kubernetes, which takes minutes.)
package kube

// Package kind runs the same cluster with kind, on machines that have Docker:
// a control plane, three workers and a registry, each a container. It asks
// docker and kind and keeps no state of its own but a kubeconfig.
//
// What differs: the nodes are called localkube-worker, localkube-worker2 and
// localkube-worker3 in Kubernetes (node-1 to node-3 are understood by the
// launcher), the only storage class is kind's "standard", and Kubernetes is of
// the version that kind brings.
package kind

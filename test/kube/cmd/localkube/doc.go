// Localkube runs a real three-node Kubernetes on this machine, without Docker
// (or with kind, where there is Docker), and takes it away again.
//
//	localkube install                 the Debian packages that are missing
//	localkube build                   Kubernetes, etcd and helm, from source
//	localkube up                      start, and wait until it can be used
//	localkube status                  what runs and what does not
//	localkube kubeconfig              the path of the kubeconfig
//	localkube load-image --name registry.local:5000/NAME:TAG --binary FILE[:PATH]...
//	                                  an image of static binaries; prints its digest
//	localkube cut-node NODE           take a node's network link down
//	localkube heal-node NODE          and up again
//	localkube exec-net NODE -- CMD... run a command in a node's network, where
//	                                  pods and services can be reached
//	localkube exec-node NODE -- CMD...  run a command inside a node
//	localkube down [--purge]          end it and remove everything
//
// The flags that all subcommands know are also environment variables:
// --driver (KUBE), --bin (KUBE_BIN), --state (KUBE_STATE).
package main

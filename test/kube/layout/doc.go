// Package layout says where everything of a local cluster is: the machines
// and their addresses, and the files in the state directory. It only names
// things and never touches them.
//
//	                   10.77.0.0/24 (bridge br0)
//	control 10.77.0.1 ──┬── node-1 10.77.0.11   pods 10.88.1.0/24
//	 API :6443          ├── node-2 10.77.0.12   pods 10.88.2.0/24
//	 images :5000       └── node-3 10.77.0.13   pods 10.88.3.0/24
//	 names :53                                  services 10.96.0.0/16
//
// Everything is below one directory, so that taking a cluster down ends with
// removing it.
//
//	STATE/cluster.json        the addresses on this machine's loopback
//	STATE/kubeconfig          of an administrator, usable from this machine
//	STATE/volumes/            what PersistentVolumes hold
//	STATE/<machine>/pid       the supervisor, which is process 1 of the machine
//	STATE/<machine>/machine.json  what it runs
//	STATE/<machine>/logs/     a file for each program
//	STATE/node-N/lib, run, log    the node's own /var/lib, /run, /var/log
package layout

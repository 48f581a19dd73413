// Package cluster starts and stops a cluster of Linux namespaces: a control
// plane and three nodes, each a machine with a supervisor as its process 1.
//
//	up:    write certificates and settings
//	       clone four supervisors, which wait      (machine.go)
//	       lay the network between them            (package network)
//	       let them go                             (package supervisor)
//	       wait until everything answers           (ready.go)
//	down:  kill the four supervisors; the kernel ends all that is in them
//	       remove the cgroups and the state directory
//
// It changes nothing on this machine but the state directory, the cgroup
// State.Cgroup and two ports of the loopback address.
package cluster

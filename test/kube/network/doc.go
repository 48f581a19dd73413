// Package network lays the links between the machines of a cluster and cuts
// them. Every command of it runs inside a machine's network namespace, so it
// never changes the network of the machine we are on.
package network

// Package supervisor is process 1 of a machine: of a node or of the control
// plane. A machine is a set of Linux namespaces (network, processes, mounts,
// host name), and they live exactly as long as their process 1: when it is
// killed, the kernel ends every process inside, containers and their shims
// included, and with the last process go the mounts and network links. So
// nothing has to be unwound and nothing can be forgotten.
//
// A program that ends is not started again: a component that died is something
// to look at, and `localkube status` shows it. The supervisor says so in its
// log in a line that begins with ExitedPrefix.
package supervisor

// Command kubectl-redoubt is a kubectl plugin that shows WALClusters to people: `kubectl redoubt
// status` and `kubectl redoubt explain`. It reads the object that the operator reports to, and each
// instance's metrics through the API server's pod proxy for positions that are newer than the report. It
// never changes anything but by an annotation that a person could have written.
//
//	cluster.go   one WALCluster from the API server
//	position.go  what each instance says of its log right now
//	status.go    topology, lag, modules × instances, what is being waited for
//	explain.go   the gate's decision in full
//	promote.go   asks for a switchover
package main

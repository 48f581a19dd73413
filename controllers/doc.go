// Package controllers is the operator: a controller per kind, each of four verbs in four files
// (observe, plan, apply, report).
//
//	WALCluster       cluster/           pods, volumes, services, failover, rollouts, the gate
//	ResourceManager  resourcemanager/   reservations of resource manager IDs
//
//	api/v1 ◄── cluster/plan      decides, pure
//	       ◄── cluster/desired   the objects a cluster should have, pure
//	       ◄── cluster           observes, applies, reports
//	                │
//	                └── cluster/watch ──► api/control ──► the nodes
package controllers

// Package story is Redoubt's main job told once, on a real Kubernetes, by the tools that a platform
// team would use: kubectl, helm, psql, pgbench. The demo tells it to a person, the end-to-end test
// runs the same steps and fails where a step did not happen.
//
//	Ready → clients → primary lost → removal refused → retired → newer format → no way back → same pages
//
// Every line that is printed was observed in that run: a step returns an error rather than print
// what should have happened. Nothing here talks to a node's control API or changes a cluster except
// as a user would.
package story

// Command story tells Redoubt's story on a running Kubernetes (`story tell`). It is what `make demo`
// runs and what the end-to-end test runs in short. Its other subcommand is the writer that runs
// inside the cluster's network while the primary is killed.
package main

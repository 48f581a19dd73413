package main

import (
	"context"
	"flag"
	"os"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/volume"
)

func volumeProvisioner() {
	flags := flag.NewFlagSet("volume-provisioner", flag.ExitOnError)
	directory := flags.String("directory", "", "`directory` for the volumes")
	inNode := flags.String("path-in-node", "", "the same `directory` as the nodes see it")
	kubeconfig := flags.String("kubeconfig", "", "`file` with the cluster's address")
	_ = flags.Parse(os.Args[1:])

	var nodes []string
	for _, node := range layout.Nodes() {
		nodes = append(nodes, node.Name())
	}
	volume.Provider{
		Client:     connect(*kubeconfig),
		Directory:  *directory,
		PathInNode: *inNode,
		Nodes:      nodes,
	}.Run(context.Background())
}

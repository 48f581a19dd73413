package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// applets are the programs inside this binary. Each reads os.Args as if it
// had a binary of its own and exits by itself when it fails.
var applets = map[string]func(){
	"cluster-dns":             clusterDNS,
	"etcd":                    etcd,
	"helm":                    helm,
	"kube-apiserver":          apiServer,
	"kube-controller-manager": controllerManager,
	"kube-proxy":              proxy,
	"kube-scheduler":          scheduler,
	"kubectl":                 kubectl,
	"kubelet":                 kubelet,
	"registry":                imageRegistry,
	"volume-provisioner":      volumeProvisioner,
}

func main() {
	name := filepath.Base(os.Args[0])
	if applets[name] == nil && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		name = os.Args[0]
	}
	run := applets[name]
	if run == nil {
		fmt.Fprintf(os.Stderr, "kubebox: no applet %q; call it by one of these names: %s\n",
			name, strings.Join(slices.Sorted(maps.Keys(applets)), ", "))
		os.Exit(2)
	}
	run()
}

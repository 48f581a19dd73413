package main

import (
	"flag"
	"log"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

// imageRegistry serves images over plain HTTP. Blobs are files; the list of
// manifests lives in memory, so images are pushed again after a restart.
func imageRegistry() {
	flags := flag.NewFlagSet("registry", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:5000", "`address` to serve on")
	dir := flags.String("blobs", "", "`directory` for the blobs")
	_ = flags.Parse(os.Args[1:])
	if *dir == "" {
		log.Fatal("registry: say with --blobs where the blobs go")
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		log.Fatal("registry: ", err)
	}
	images := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(*dir)))
	log.Fatal("registry: ", http.ListenAndServe(*listen, images))
}

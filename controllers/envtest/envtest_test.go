// Package envtest_test asks a real API server what only a server decides: what it refuses, what it
// fills in, who wins when two write.
package envtest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

var (
	config *rest.Config
	kube   client.Client
	ctx    = context.Background()
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// assets is where the programs of Kubernetes are.
func assets() string {
	directory := os.Getenv("KUBEBUILDER_ASSETS")
	if directory == "" {
		directory = filepath.Join("..", "..", "bin", "kube")
	}
	directory, _ = filepath.Abs(directory)
	return directory
}

func run(m *testing.M) int {
	assets := assets()
	if _, err := os.Stat(filepath.Join(assets, "kube-apiserver")); err != nil {
		fmt.Fprintf(os.Stderr, "no kube-apiserver in %s: run `make kube-build` first, or set KUBEBUILDER_ASSETS\n", assets)
		return 1
	}
	scheme := runtime.NewScheme()
	_ = clientgoscheme.AddToScheme(scheme)
	_ = v1.AddToScheme(scheme)
	server := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd")},
		ErrorIfCRDPathMissing: true,
		Scheme:                scheme,
	}
	defer func() { _ = server.Stop() }() // also after half a start
	cfg, err := server.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "API server did not start: %v\n", err)
		return 1
	}
	config = cfg
	if kube, err = client.New(cfg, client.Options{Scheme: scheme}); err != nil {
		fmt.Fprintf(os.Stderr, "no client: %v\n", err)
		return 1
	}
	return m.Run()
}

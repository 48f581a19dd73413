package image

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Build makes an image for this machine's architecture.
func Build(c Contents) (v1.Image, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	contents, err := layer(c)
	if err != nil {
		return nil, err
	}
	only, err := tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(contents)), nil },
		tarball.WithCompressionLevel(gzip.BestSpeed), // it travels within one machine
		tarball.WithMediaType(types.OCILayer),
	)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	filled, err := mutate.AppendLayers(base, only)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(filled, describe(filled, c))
}

func describe(filled v1.Image, c Contents) *v1.ConfigFile {
	config, err := filled.ConfigFile()
	if err != nil {
		panic(err) // it comes from memory
	}
	config = config.DeepCopy()
	config.OS = "linux"
	config.Architecture = runtime.GOARCH
	config.Config = v1.Config{
		Entrypoint: []string{c.Binaries[0].To},
		Env:        []string{"PATH=/usr/local/bin:/usr/bin:/bin"},
		User:       fmt.Sprintf("%d:%d", c.User, c.User),
	}
	if c.Entrypoint != "" {
		config.Config.Entrypoint = []string{c.Entrypoint}
	}
	return config
}

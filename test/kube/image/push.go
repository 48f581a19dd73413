package image

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// Push sends an image to the cluster's registry, which this machine knows by
// its address, and returns the digest by which pods can name it.
func Push(ctx context.Context, built v1.Image, reference, registry string) (string, error) {
	path, ours := strings.CutPrefix(reference, layout.RegistryName+"/")
	if !ours {
		return "", fmt.Errorf("the cluster pulls images from %s only: name it %s/%s", layout.RegistryName, layout.RegistryName, reference)
	}
	there, err := name.ParseReference(registry+"/"+path, name.Insecure)
	if err != nil {
		return "", fmt.Errorf("image name %q: %w", reference, err)
	}
	if err := remote.Write(there, built, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("push %s to the registry at %s: %w", reference, registry, err)
	}
	digest, err := built.Digest()
	if err != nil {
		return "", err
	}
	return digest.String(), nil
}

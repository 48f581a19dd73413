// Package image makes container images out of static binaries, with nothing
// below them, and pushes them to a registry. Equal input gives an equal digest
// (with one version of Go, whose compression is part of it): there are no
// times, owners or orders in an image that the input does not say.
package image

package main

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/test/kube/image"
)

func loadImage(a *arguments) error {
	name := a.String("name", "", "what pods call the `image`: registry.local:5000/NAME:TAG")
	var contents image.Contents
	a.Func("binary", "a static `FILE[:PATH]` for the image, by default in /usr/local/bin; may be repeated", func(arg string) error {
		b, err := image.ParseBinary(arg)
		contents.Binaries = append(contents.Binaries, b)
		return err
	})
	a.StringVar(&contents.Entrypoint, "entrypoint", "", "`path` in the image to run (default the first binary)")
	a.IntVar(&contents.User, "user", 10001, "`number` of the user who runs it")
	if err := a.parse(); err != nil {
		return err
	}
	c, err := a.cluster()
	if err != nil {
		return err
	}
	registry, err := c.Registry()
	if err != nil {
		return err
	}
	built, err := image.Build(contents)
	if err != nil {
		return err
	}
	digest, err := image.Push(context.Background(), built, *name, registry)
	if err != nil {
		return err
	}
	fmt.Println(digest)
	return nil
}

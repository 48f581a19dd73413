package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/redoubt-wal/redoubt/test/kube/binaries"
	"github.com/redoubt-wal/redoubt/test/kube/host"
	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

func install(a *arguments) error {
	if err := a.parse(); err != nil {
		return err
	}
	if *a.driver == "kind" {
		return nil // Docker and kind are the user's
	}
	return host.Install(os.Stderr)
}

func build(a *arguments) error {
	if err := a.parse(); err != nil {
		return err
	}
	source, err := a.source()
	if err != nil {
		return err
	}
	bin, err := a.binaries()
	if err != nil {
		return err
	}
	return binaries.Build(source, bin, os.Stderr)
}

func up(a *arguments) error {
	if err := a.parse(); err != nil {
		return err
	}
	if err := a.check(); err != nil {
		return err
	}
	if bin, err := a.binaries(); *a.driver != "kind" && (err != nil || binaries.Missing(bin)) {
		return fmt.Errorf("the programs of the cluster are not in %s: run `localkube build`", bin)
	}
	c, err := a.cluster()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *a.timeout)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return c.Up(ctx)
}

func status(a *arguments) error {
	if err := a.parse(); err != nil {
		return err
	}
	c, err := a.cluster()
	if err != nil {
		return err
	}
	return c.Status(context.Background())
}

func kubeconfig(a *arguments) error {
	if err := a.parse(); err != nil {
		return err
	}
	path := layout.State(*a.state).Kubeconfig()
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%w; start a cluster with `localkube up`", err)
	}
	fmt.Println(path)
	return nil
}

func down(a *arguments) error {
	purge := a.Bool("purge", false, "also remove the built programs")
	if err := a.parse(); err != nil {
		return err
	}
	c, err := a.cluster()
	if err != nil {
		return err
	}
	if err := c.Down(); err != nil {
		return err
	}
	if bin, err := a.binaries(); *purge && err == nil {
		return binaries.Remove(bin)
	}
	return nil
}

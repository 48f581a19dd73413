package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/redoubt-wal/redoubt/test/kube/binaries"
	"github.com/redoubt-wal/redoubt/test/kube/cluster"
	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// arguments are the flags of a subcommand: those that all know, and its own,
// which it adds before it calls parse.
type arguments struct {
	*flag.FlagSet
	given   []string
	driver  *string
	bin     *string
	state   *string
	timeout *time.Duration
	ports   cluster.Ports
}

func newArguments(name, args, summary string, given []string) *arguments {
	a := &arguments{FlagSet: flag.NewFlagSet(name, flag.ExitOnError), given: given, ports: cluster.DefaultPorts()}
	a.driver = a.String("driver", cmp.Or(os.Getenv("KUBE"), "namespaces"), "`namespaces` of this machine, or kind")
	a.bin = a.String("bin", os.Getenv("KUBE_BIN"), "`directory` of the built programs (default bin/kube in the repository)")
	a.state = a.String("state", cmp.Or(os.Getenv("KUBE_STATE"), string(layout.DefaultState)), "`directory` of the running cluster")
	a.timeout = a.Duration("timeout", 3*time.Minute, "how long to wait for the cluster")
	a.IntVar(&a.ports.API, "api-port", a.ports.API, "`port` on 127.0.0.1 for the API server")
	a.IntVar(&a.ports.Registry, "registry-port", a.ports.Registry, "`port` on 127.0.0.1 for the image registry")
	a.Usage = func() {
		fmt.Fprintf(os.Stderr, "usage: localkube %s [flags] %s\n%s\n", name, args, summary)
		a.PrintDefaults()
	}
	return a
}

func (a *arguments) parse() error { return a.Parse(a.given) }

// parseNode reads "NODE" or "NODE -- CMD...", with flags before it.
func (a *arguments) parseNode() (node string, command []string, err error) {
	if err := a.parse(); err != nil {
		return "", nil, err
	}
	if a.NArg() == 0 {
		return "", nil, fmt.Errorf("%s: which node? node-1, node-2 or node-3", a.Name())
	}
	command = a.Args()[1:]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	return a.Arg(0), command, nil
}

// binaries is where the programs are or will be: as told, or beside us, or in
// the repository we are in.
func (a *arguments) binaries() (string, error) {
	if *a.bin != "" {
		return filepath.Abs(*a.bin)
	}
	if self, err := os.Executable(); err == nil && !binaries.Missing(filepath.Dir(self)) {
		return filepath.Dir(self), nil
	}
	source, err := a.source()
	if err != nil {
		return "", err
	}
	return filepath.Join(source, "..", "..", "bin", "kube"), nil
}

func (a *arguments) source() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return binaries.FindSource(here)
}

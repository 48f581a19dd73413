package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// A Cluster is one that runs or is to run on this machine.
type Cluster struct {
	State    layout.State
	Binaries string    // the directory of package binaries
	Out      io.Writer // progress, for people
	Ports    Ports
}

// Ports are those on 127.0.0.1 by which this machine reaches the cluster.
type Ports struct{ API, Registry int }

// ErrDown says that there is no cluster.
var ErrDown = errors.New("no cluster is running; start one with `localkube up`")

// DefaultPorts are the ones that others expect.
func DefaultPorts() Ports { return Ports{API: layout.APIPort, Registry: layout.RegistryPort} }

// Addresses are how this machine reaches the parts of a running cluster.
type Addresses struct {
	API      string `json:"api"`
	Registry string `json:"registry"`
}

func (p Ports) addresses() Addresses {
	return Addresses{
		API:      fmt.Sprintf("127.0.0.1:%d", p.API),
		Registry: fmt.Sprintf("127.0.0.1:%d", p.Registry),
	}
}

func (c Cluster) addresses() (Addresses, error) {
	var a Addresses
	text, err := os.ReadFile(c.State.Addresses())
	if err != nil {
		return a, ErrDown
	}
	return a, json.Unmarshal(text, &a)
}

// Registry is the registry's address on this machine.
func (c Cluster) Registry() (string, error) {
	a, err := c.addresses()
	return a.Registry, err
}

// progress tells what has been done and how long it took since the start.
func (c Cluster) progress(since time.Time, format string, args ...any) {
	fmt.Fprintf(c.Out, "localkube %5.1fs  %s\n", time.Since(since).Seconds(), fmt.Sprintf(format, args...))
}

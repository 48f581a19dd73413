package main

import (
	"flag"
	"strings"
)

// options are the operator's flags.
type options struct {
	leaderElect     bool
	leaderNamespace string
	namespaces      []string
	metrics, health string
	verbosity       int
}

func parse(args []string) (options, error) {
	var o options
	var namespaces string
	f := flag.NewFlagSet("operator", flag.ContinueOnError)
	f.BoolVar(&o.leaderElect, "leader-elect", false, "act only while holding a lease, so that several operators may run")
	f.StringVar(&o.leaderNamespace, "leader-elect-namespace", "", "namespace of the lease; default: the operator's own")
	f.StringVar(&namespaces, "watch-namespace", "", "namespaces to look after, separated by commas; default: all")
	f.StringVar(&o.metrics, "metrics-bind-address", ":8080", "address of /metrics; 0 switches it off")
	f.StringVar(&o.health, "health-probe-bind-address", ":8081", "address of /healthz and /readyz")
	f.IntVar(&o.verbosity, "v", 0, "verbosity of the log: 0 what changes, 1 also what is waited for")
	err := f.Parse(args)
	for _, ns := range strings.Split(namespaces, ",") {
		if ns = strings.TrimSpace(ns); ns != "" {
			o.namespaces = append(o.namespaces, ns)
		}
	}
	return o, err
}

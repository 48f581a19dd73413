package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

func statusCommand(flags *genericclioptions.ConfigFlags, io genericclioptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use:   "status NAME",
		Short: "Topology, lag, modules by instance, and what is being waited for",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := connect(flags)
			if err != nil {
				return err
			}
			c, err := s.cluster(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			status(io.Out, c, s.positions(cmd.Context(), c.Status.Members), time.Now())
			return nil
		},
	}
}

// status prints a cluster: blocks in the order in which a person asks.
func status(out io.Writer, c *redoubtv1.WALCluster, at map[string]position, now time.Time) {
	summary(out, c)
	unseen(out, c)
	fmt.Fprintln(out, "\nInstances")
	instances(out, c, at)
	fmt.Fprintln(out, "\nModules")
	matrix(out, c)
	fmt.Fprintln(out, "\nConditions")
	conditions(out, c.Status.Conditions, now)
	waiting(out, c, now)
}

// unseen says that the operator has not looked at the spec as it is, so that what it reports is about another.
func unseen(out io.Writer, c *redoubtv1.WALCluster) {
	if seen := c.Status.ObservedGeneration; seen < c.Generation {
		fmt.Fprintf(out, "\nThe operator has not seen this spec yet (generation %d, it has seen %d): what it says is about the one before.\n", c.Generation, seen)
	}
}

func summary(out io.Writer, c *redoubtv1.WALCluster) {
	ready := "no"
	if meta.IsStatusConditionTrue(c.Status.Conditions, redoubtv1.ConditionReady) {
		ready = "yes"
	}
	fmt.Fprintf(out, "Cluster            %s/%s\n", c.Namespace, c.Name)
	fmt.Fprintf(out, "Ready              %s (%d of %d instances)\n", ready, c.Status.ReadyInstances, c.Spec.Instances)
	fmt.Fprintf(out, "Primary            %s\n", or(c.Status.CurrentPrimary))
	fmt.Fprintf(out, "System identifier  %s\n", or(c.Status.SystemIdentifier))
	if t := c.Status.Timeline; t != nil {
		fmt.Fprintf(out, "Timeline           %d, claimed for %s (%s)\n", t.ID, or(t.Primary), t.Reason)
		if t.PossibleLoss != nil {
			fmt.Fprintf(out, "Possible loss      %s to %s\n", t.PossibleLoss.From, t.PossibleLoss.To)
		}
	}
	fmt.Fprintf(out, "Synchronous        %s\n", synchronous(c))
	if a := c.Status.Accepted; a != nil {
		fmt.Fprintf(out, "Image              %s\n", a.Image)
	}
}

func synchronous(c *redoubtv1.WALCluster) string {
	t := c.Status.Timeline
	if t == nil || len(t.SynchronousSets) == 0 {
		return "-" // there has been no primary
	}
	if s := t.SynchronousSets[len(t.SynchronousSets)-1]; s.Method != "" {
		return fmt.Sprintf("%s %d of %s", s.Method, s.Number, strings.Join(s.Members, ", "))
	}
	return "none: a failover may lose the newest commits"
}

func instances(out io.Writer, c *redoubtv1.WALCluster, at map[string]position) {
	primary := at[c.Status.CurrentPrimary]
	t := newTable(out, "NAME", "ROLE", "READY", "TIMELINE", "FLUSHED", "REPLAYED", "LAG", "LOG", "NODE", "MESSAGE")
	for _, m := range c.Status.Members {
		ready := "no"
		if m.Ready {
			ready = "yes"
		}
		flushed, replayed, lag, log := or(m.FlushLSN), "-", "-", "-"
		if p, ok := at[m.Name]; ok && p.Err == nil {
			flushed, replayed, log = p.Flush.String(), p.Replay.String(), size(p.WALSize)
			if m.Name != c.Status.CurrentPrimary && primary.Err == nil && primary.Flush > 0 {
				lag = size(max(0, int64(primary.Flush)-int64(p.Replay)))
			}
		}
		t.row(m.Name, m.Role, ready, number(m.Timeline), flushed, replayed, lag, log, or(m.Node), or(m.Message))
	}
	t.end()
	if primary.Waiters > 0 {
		fmt.Fprintf(out, "  %d commits wait for standbys\n", primary.Waiters)
	}
}

// matrix shows modules by instance: what is required in the first column, what each loaded beside it.
func matrix(out io.Writer, c *redoubtv1.WALCluster) {
	columns := []string{"MODULE", "REQUIRED", "RECORDS"}
	for _, m := range c.Status.Members {
		columns = append(columns, m.Name)
	}
	t := newTable(out, columns...)
	for _, name := range moduleNames(c) {
		row := []string{name, required(c, name), families(c, name)}
		for _, m := range c.Status.Members {
			row = append(row, or(loaded(m, name)))
		}
		t.row(row...)
	}
	t.end()
}

func moduleNames(c *redoubtv1.WALCluster) []string {
	var names []string
	for _, m := range c.Spec.Modules {
		names = append(names, m.Name)
	}
	for _, member := range c.Status.Members {
		for _, m := range member.Modules {
			name, _, _ := strings.Cut(m, "@")
			names = append(names, name)
		}
	}
	for _, f := range c.Status.Records {
		names = append(names, f.Module)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func required(c *redoubtv1.WALCluster, name string) string {
	for _, p := range c.Status.Modules {
		if p.Name == name {
			return string(p.State)
		}
	}
	for _, m := range c.Spec.Modules {
		if m.Name == name {
			return m.Version
		}
	}
	return "-"
}

// families says which records of a module may stand in the log: "kv 251 format 1–2".
func families(c *redoubtv1.WALCluster, module string) string {
	var all []string
	for _, f := range c.Status.Records {
		if f.Module != module {
			continue
		}
		formats := fmt.Sprint(f.Formats.Min)
		if f.Formats.Max != f.Formats.Min {
			formats = fmt.Sprintf("%d–%d", f.Formats.Min, f.Formats.Max)
		}
		all = append(all, fmt.Sprintf("%s %d format %s", f.Name, f.Rmgr, formats))
	}
	return or(strings.Join(all, ", "))
}

func loaded(m redoubtv1.Member, name string) string {
	for _, l := range m.Modules {
		if n, version, _ := strings.Cut(l, "@"); n == name {
			return version
		}
	}
	return ""
}

func conditions(out io.Writer, all []metav1.Condition, now time.Time) {
	t := newTable(out, "TYPE", "STATUS", "SINCE", "REASON", "MESSAGE")
	for _, c := range all {
		t.row(c.Type, string(c.Status), age(c.LastTransitionTime.Time, now), c.Reason, or(firstLine(c.Message)))
	}
	t.end()
}

func waiting(out io.Writer, c *redoubtv1.WALCluster, now time.Time) {
	if w := c.Status.Waiting; w != nil {
		fmt.Fprintf(out, "\nWaiting: %s", w.Reason)
		if w.Target != "" {
			fmt.Fprintf(out, " (%s)", w.Target)
		}
		fmt.Fprintf(out, " for %s\n", age(w.Since.Time, now))
	}
	if g := c.Status.Gate; g != nil && g.Blocked != "" {
		fmt.Fprintf(out, "\nThe rollout is blocked: kubectl redoubt explain %s -n %s\n", c.Name, c.Namespace)
	}
}

func age(since, now time.Time) string {
	if since.IsZero() {
		return "-"
	}
	return max(0, now.Sub(since).Round(time.Second)).String() // the operator's clock may be ahead of this one
}

func firstLine(s string) string {
	line, rest, _ := strings.Cut(s, "\n")
	if rest != "" {
		return line + " …"
	}
	return line
}

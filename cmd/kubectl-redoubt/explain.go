package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

func explainCommand(flags *genericclioptions.ConfigFlags, io genericclioptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use:   "explain NAME",
		Short: "The gate's decision in full: who holds which records, and what clears them",
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
			explain(io.Out, c)
			return nil
		},
	}
}

// explain prints what is wanted, what runs, and every refusal between the two.
func explain(out io.Writer, c *redoubtv1.WALCluster) {
	fmt.Fprintf(out, "Cluster %s/%s\n", c.Namespace, c.Name)
	unseen(out, c)
	fmt.Fprintln(out)
	fmt.Fprintf(out, "Wanted:  %s\n         modules %s\n", c.Spec.Image, wanted(c.Spec.Modules))
	if a := c.Status.Accepted; a != nil {
		fmt.Fprintf(out, "Running: %s\n         modules %s\n", a.Reference, offered(a.Modules))
		if a.Digest != "" {
			fmt.Fprintf(out, "         pinned to %s\n", a.Digest)
		}
	}
	if i := c.Status.Image; i != nil && i.Error != "" {
		fmt.Fprintf(out, "\nThe image %s was not accepted (%s): %s\n", i.Reference, i.Reason, indented(i.Error, "  "))
	}
	explainGate(out, c.Status.Gate)
	explainRetiring(out, c.Status.Modules)
	explainOverride(out, c.Annotations[redoubtv1.AnnotationOverride])
}

func explainGate(out io.Writer, gate *redoubtv1.Gate) {
	fmt.Fprintln(out)
	switch {
	case gate == nil:
		fmt.Fprintln(out, "Gate: no decision yet.")
		return
	case gate.Blocked == "":
		fmt.Fprintln(out, "Gate: open. Every record that any holder has can be replayed by what is wanted.")
		return
	}
	fmt.Fprintf(out, "Gate: closed (%s). These records could not be replayed any more:\n\n", gate.Blocked)
	t := newTable(out, "INSTANCE", "HOLDER", "MODULE", "RMGR", "FORMAT", "RECORDS", "FIRST", "LAST")
	for _, r := range gate.Refusals {
		t.row(or(r.Instance), or(r.Holder), or(r.Module), rmgrName(r.Rmgr, r.Name), number(int64(r.Format)), number(r.Count), or(r.First), or(r.Last))
	}
	t.end()
	fmt.Fprintln(out)
	for _, r := range gate.Refusals {
		fmt.Fprintf(out, "  - %s\n", indented(r.Message, "    "))
	}
}

func explainRetiring(out io.Writer, modules []redoubtv1.ModuleProgress) {
	for _, m := range modules {
		fmt.Fprintf(out, "\nModule %s is %s since %s.", m.Name, m.State, m.Since.UTC().Format("2006-01-02 15:04:05 MST"))
		if len(m.Holders) > 0 {
			fmt.Fprintf(out, " Still held by: %s.", indented(strings.Join(m.Holders, ", "), "  "))
		}
		fmt.Fprintln(out)
	}
}

func explainOverride(out io.Writer, override string) {
	if override != "" {
		fmt.Fprintf(out, "\nOverride by annotation %s: %s\n", redoubtv1.AnnotationOverride, override)
	}
}

func wanted(modules []redoubtv1.Module) string {
	var names []string
	for _, m := range modules {
		name := m.Name + " " + m.Version
		if m.State == redoubtv1.ModuleRetiring {
			name += " (retiring)"
		}
		names = append(names, name)
	}
	return or(strings.Join(names, ", "))
}

func offered(modules []redoubtv1.ModuleManifest) string {
	var names []string
	for _, m := range modules {
		names = append(names, m.Name+" "+m.Version)
	}
	return or(strings.Join(names, ", "))
}

func rmgrName(id int32, name string) string {
	if id == 0 {
		return "-"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", id, name))
}

func number(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

package app

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/rmgr"
)

func (a *app) modulesCommand() *cobra.Command {
	var output, to string
	cmd := &cobra.Command{
		Use:   "modules",
		Short: "Print the modules that this binary offers",
		Long: "Print the manifest of this binary: its modules, their versions, and the record formats that their\n" +
			"resource managers write and replay. Needs no data directory and no server.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			manifest, err := manifestOf(a.modules)
			if err != nil {
				return err
			}
			if to != "" {
				compact, err := json.Marshal(manifest)
				if err != nil {
					return err
				}
				if err := os.WriteFile(to, compact, 0o644); err != nil {
					return fmt.Errorf("write the manifest: %w", err)
				}
			}
			return printAs(a.stdout, output, manifest, func(w io.Writer) { modulesTable(w, manifest) })
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "json or table")
	cmd.Flags().StringVar(&to, "to", "", "also write it to `FILE` as compact JSON (as /dev/termination-log)")
	return cmd
}

// manifestOf refuses modules that no node could load: a broken build should not look like a good one.
func manifestOf(modules []rmgr.Module) (rmgr.Manifest, error) {
	var names []string
	for _, m := range modules {
		names = append(names, m.Name)
	}
	if err := rmgr.NewTable().Load(modules, names); err != nil {
		return rmgr.Manifest{}, err
	}
	return rmgr.ManifestOf(modules), nil
}

func modulesTable(w io.Writer, m rmgr.Manifest) {
	fmt.Fprintln(w, "MODULE\tVERSION\tRMGR\tID\tWRITES\tREPLAYS")
	for _, mod := range m.Modules {
		for _, r := range mod.Managers {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", mod.Name, mod.Version, r.Name, r.ID, formats(r.Writes), formats(r.Replays))
		}
	}
}

func formats(r rmgr.FormatRange) string {
	if r.Min == r.Max {
		return fmt.Sprint(r.Min)
	}
	return fmt.Sprintf("%d-%d", r.Min, r.Max)
}

// printAs prints v as JSON, or as a table that fill writes with tabs.
func printAs(w io.Writer, output string, v any, fill func(io.Writer)) error {
	switch output {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	case "table":
		tabs := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
		fill(tabs)
		return tabs.Flush()
	}
	return fmt.Errorf("invalid output format %q: json or table", output)
}

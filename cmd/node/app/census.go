package app

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/census"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// censusVersion is that of the JSON that node census prints. Fields are added under it, never renamed.
const censusVersion = "redoubt.dev/census-report/v1"

type censusReport struct {
	APIVersion string `json:"apiVersion"`
	control.Census
}

func (a *app) censusCommand() *cobra.Command {
	var dir, output string
	cmd := &cobra.Command{
		Use:   "census -D DIR",
		Short: "Print which records of which modules a data directory's log holds",
		Long:  "Print which records of which resource managers, in which formats, stand where in the log of a data directory\nthat no node is using.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, err := dataDir(dir)
			if err != nil {
				return err
			}
			if err := dataIn(dir); err != nil {
				return err
			}
			c, err := census.ScanDir(vfs.OS(), filepath.ToSlash(dir))
			if err != nil {
				return err
			}
			return printAs(a.stdout, output, censusReport{censusVersion, c}, func(w io.Writer) { censusTable(w, c) })
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "json or table")
	return cmd
}

func censusTable(w io.Writer, c control.Census) {
	fmt.Fprintln(w, "HOLDER\tNAME\tRMGR\tID\tFORMAT\tRECORDS\tFIRST\tLAST")
	for _, h := range c.Holders {
		if h.Unknown {
			fmt.Fprintf(w, "%s\t%s\tunknown: %s\t\t\t\t%s\t%s\n", h.Kind, h.Name, h.Reason, h.From, h.To)
		}
		for _, r := range h.Records {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", h.Kind, h.Name, r.Name, r.Rmgr, r.Format, r.Count, r.First, r.Last)
		}
	}
}

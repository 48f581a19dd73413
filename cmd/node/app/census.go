package app

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node"
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
			release, err := notInUse(dir)
			if err != nil {
				return fmt.Errorf("%w; ask it: SELECT * FROM redoubt_wal_census", err)
			}
			defer release()
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

// notInUse keeps nodes from a data directory until release. A node that uses it writes and removes log, so that what
// was read of it would be true of no moment. A copy that may not be written is in nobody's use.
func notInUse(dir string) (release func() error, err error) {
	const locked = "PG_VERSION" // by every node that uses its directory
	free := func() error { return nil }
	if there, err := vfs.Exists(vfs.OS(), filepath.Join(dir, locked)); !there {
		return free, err
	}
	lock, err := vfs.OS().Lock(filepath.Join(dir, locked))
	switch {
	case errors.Is(err, vfs.ErrLocked):
		return nil, node.ErrInUse
	case err != nil:
		return free, nil
	}
	return lock.Close, nil
}

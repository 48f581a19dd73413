package app

import (
	"context"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/cmd/node/waldump"
	"github.com/redoubt-wal/redoubt/node"
)

func (a *app) waldumpCommand() *cobra.Command {
	var args waldump.Arguments
	cmd := &cobra.Command{
		Use:   "waldump [STARTSEG [ENDSEG]]",
		Short: "Print log records for people, as pg_waldump does, with this binary's modules",
		RunE: func(cmd *cobra.Command, files []string) error {
			args.Files = files
			return a.waldump(cmd.Context(), args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&args.Details, "bkp-details", "b", false, "output detailed information about backup blocks")
	f.StringVarP(&args.Block, "block", "B", "", "with --relation, only show records that modify block `N`")
	f.StringVarP(&args.End, "end", "e", "", "stop reading at WAL location `LSN`")
	f.BoolVarP(&args.Follow, "follow", "f", false, "keep retrying after reaching the end of the log")
	f.StringVarP(&args.Fork, "fork", "F", "", "only show records that modify blocks in fork `FORK`: main, fsm, vm, init")
	f.StringVarP(&args.Limit, "limit", "n", "", "`N`umber of records to display")
	f.StringVarP(&args.Path, "path", "p", "", "`PATH` of the segments, or of a directory with pg_wal (default: current directory, ./pg_wal, $PGDATA/pg_wal)")
	f.BoolVarP(&args.Quiet, "quiet", "q", false, "print nothing but errors")
	f.StringArrayVarP(&args.Rmgrs, "rmgr", "r", nil, "only show records of resource manager `RMGR`, a name or custom###; may be given several times; list prints the names")
	f.StringVarP(&args.Relation, "relation", "R", "", "only show records that modify blocks in relation `T/D/R`")
	f.StringVarP(&args.Start, "start", "s", "", "start reading at WAL location `LSN`; without it and STARTSEG, all of the log is read")
	f.StringVarP(&args.Timeline, "timeline", "t", "", "`TIMELINE` to read; the newest if not given")
	f.BoolVarP(&args.FullPage, "fullpage", "w", false, "only show records with a full page image")
	f.StringVarP(&args.Xid, "xid", "x", "", "only show records with transaction ID `XID`")
	f.StringVarP(&args.Stats, "stats", "z", "", "statistics instead of records; =`record` for each kind of record")
	f.Lookup("stats").NoOptDefVal = "rmgr"
	f.StringVar(&args.SaveFullPage, "save-fullpage", "", "save full page images to `DIR`, a new or empty directory")
	f.BoolP("help", "?", false, "show this help")
	cmd.Version = version()
	f.BoolP("version", "V", false, "output version information")
	return cmd
}

func (a *app) waldump(ctx context.Context, args waldump.Arguments) error {
	table, err := node.LoadTable(a.modules, []string{"*"})
	if err != nil {
		return err
	}
	if slices.Contains(args.Rmgrs, "list") {
		waldump.List(a.stdout, table)
		return nil
	}
	o, err := args.Options(table)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return waldump.Run(ctx, a.stdout, table, time.Local, o)
}

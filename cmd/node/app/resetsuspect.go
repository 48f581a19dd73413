package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/node"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func (a *app) resetSuspectCommand() *cobra.Command {
	var dir, configFile string
	var options []string
	var force bool
	cmd := &cobra.Command{
		Use:   "resetsuspect -D DIR [-f]",
		Short: "Take the mark of a failed fsync from a data directory that has no peer to be cloned from",
		Long: "After a failed fsync a node marks its data directory as suspect, and is no primary any more: nobody\n" +
			"knows what the disk holds. The way out is to clone it anew. Where there is nobody to clone from,\n" +
			"this command reads all log and every data page from the disk, and refuses if anything is damaged\n" +
			"that replay does not make good. With -f it then recovers, cuts off the log that was in doubt (none\n" +
			"of it was acknowledged), makes the pages durable anew, and removes the mark. Without -f nothing\n" +
			"changes. A disk that lies about what it wrote, or fails again, is not noticed: replace it first.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := dataDir(dir)
			if err != nil {
				return err
			}
			if err := dataIn(dir); err != nil {
				return err
			}
			o, err := a.offline(dir, configFile, options)
			if err != nil {
				return err
			}
			return a.resetSuspect(cmd.Context(), o, force)
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().BoolVarP(&force, "force", "f", false, "do it: the disk was checked or replaced by a copy")
	cmd.Flags().StringArrayVarP(&options, "set", "c", nil, "set `name=value`, over the settings file")
	cmd.Flags().StringVar(&configFile, "config-file", "", "settings `FILE` instead of DIR/"+node.ConfigFile)
	return cmd
}

// offline is an engine's options for a data directory that no node is running on, with the modules
// that its settings list.
func (a *app) offline(dir, configFile string, options []string) (engine.Options, error) {
	file, err := readConfig(dir, configFile)
	if err != nil {
		return engine.Options{}, err
	}
	name := node.ConfigFile
	if configFile != "" {
		name = configFile
	}
	s, err := config.Load(name, file, options...)
	if err != nil {
		return engine.Options{}, err
	}
	table, err := node.LoadTable(a.modules, config.SplitList(s.String("preload_modules")))
	if err != nil {
		return engine.Options{}, err
	}
	return engine.Options{
		Dir: filepath.ToSlash(dir), FS: vfs.OS(), Now: time.Now, Table: table,
		Log:           slog.New(slog.NewJSONHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		SharedBuffers: int(s.Int("shared_buffers")), RedoWorkers: node.RedoWorkers(s), FullPageWrites: s.Bool("full_page_writes"),
		MaxWALSize: s.Bytes("max_wal_size"), MinWALSize: s.Bytes("min_wal_size"), WALKeepSize: s.Bytes("wal_keep_size"),
	}, nil
}

func (a *app) resetSuspect(ctx context.Context, o engine.Options, force bool) error {
	x, err := engine.Examine(ctx, o)
	switch {
	case errors.Is(err, vfs.ErrLocked):
		return node.ErrInUse
	case err != nil:
		return fmt.Errorf("%w; nothing was changed: restore a backup", err)
	case x.Suspect == "":
		fmt.Fprintln(a.stdout, "The data directory is not suspect: there is nothing to do.")
		return nil
	}
	fmt.Fprintf(a.stdout, "suspect: %s\nread without fault: %d records of log from %s to %s, %d pages of data (replay makes %d of them anew)\n",
		x.Suspect, x.Records, x.Oldest, x.End, x.Pages, x.Restored)
	if !force {
		return errors.New("nothing was changed: if the disk was checked, or this directory copied to another, say -f")
	}
	e, err := engine.Open(ctx, o)
	if err != nil {
		return err
	}
	if p := e.ReplayPause(); p != nil {
		e.Abort()
		return fmt.Errorf("replay is paused at %s: %s; the mark stays", p.LSN, p.Detail)
	}
	if err := e.ClearSuspect(ctx); err != nil {
		e.Abort()
		return fmt.Errorf("%w; the mark stays", err)
	}
	if err := e.Close(ctx); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "The mark is removed. Start the node, and take a base backup at once.")
	return nil
}

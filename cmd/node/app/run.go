package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/node"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func (a *app) runCommand() *cobra.Command {
	var dir, configFile string
	var options []string
	cmd := &cobra.Command{
		Use:   "run -D DIR [-c name=value]...",
		Short: "Run the node",
		Long: "Run the node until a signal stops it, each as in PostgreSQL: at SIGTERM clients may leave by\n" +
			"themselves (for smart_shutdown_timeout), at SIGINT their sessions end; both with a shutdown\n" +
			"checkpoint. SIGHUP reloads the settings, SIGQUIT stops at once. After a crash, the same command\n" +
			"recovers and goes on.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := dataDir(dir)
			if err != nil {
				return err
			}
			return a.run(cmd.Context(), dir, configFile, options)
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().StringArrayVarP(&options, "set", "c", nil, "set `name=value`, over the settings file")
	cmd.Flags().StringVar(&configFile, "config-file", "", "settings `FILE` instead of DIR/"+node.ConfigFile)
	return cmd
}

// dirFlag is -D, with PGDATA as its default as PostgreSQL has it.
func dirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVarP(dir, "pgdata", "D", os.Getenv("PGDATA"), "data `DIR`ectory")
}

// dataDir is the absolute path of the data directory.
func dataDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("no data directory: say -D DIR or set PGDATA")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data directory: %w", err)
	}
	return abs, nil
}

func (a *app) run(ctx context.Context, dir, configFile string, options []string) error {
	caught := catchSignals()
	defer caught.stop()
	read := func() ([]byte, error) { return readConfig(dir, configFile) }
	file, err := read()
	if err != nil {
		return err
	}
	name := node.ConfigFile
	if configFile != "" {
		name = configFile
	}
	settings, err := config.Load(name, file, options...)
	if err != nil {
		return err
	}
	if err := a.fillIn(settings, dir); err != nil {
		return err
	}
	level := new(slog.LevelVar)
	level.Set(logLevel(settings.String("log_min_messages")))
	log := a.newLog(settings, level)
	n, err := node.New(node.Options{
		Dir: dir, FS: vfs.OS(), Settings: settings, Modules: a.modules,
		Now: time.Now, Dial: dial, Listen: listen, Log: log, Version: version(), Signal: killer(log), ReadConfig: read,
	})
	if err != nil {
		return err
	}
	acting, done := context.WithCancel(context.Background()) // signals mean something until the node has stopped
	defer done()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	reload := func() error {
		err := n.Reload()
		level.Set(logLevel(settings.String("log_min_messages")))
		return err
	}
	caught.do(acting, log, map[os.Signal]func() error{
		syscall.SIGHUP:  reload,
		syscall.SIGINT:  func() error { stop(); return nil },
		syscall.SIGTERM: func() error { n.SmartStop(); return nil },
		syscall.SIGQUIT: func() error { os.Exit(2); return nil },
	})
	if err := n.Run(ctx); err != nil {
		return describeRun(err)
	}
	return nil
}

// describeRun says the one thing that a person needs of a node that could not go on.
func describeRun(err error) error {
	if errors.Is(err, node.ErrInUse) {
		return node.ErrInUse
	}
	return err
}

// dataIn refuses a directory that no offline command can read.
func dataIn(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "global", "pg_control")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not a node's data directory: read pg_control: %w", dir, err)
	}
	return nil
}

// readConfig reads the settings; a data directory without a file has defaults.
func readConfig(dir, configFile string) ([]byte, error) {
	name := configFile
	if name == "" {
		name = filepath.Join(dir, node.ConfigFile)
	}
	file, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && configFile == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return file, nil
}

// fillIn gives settings whose default is a fact of this machine.
func (a *app) fillIn(s *config.Settings, dir string) error {
	if s.String("instance_name") == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "node"
		}
		if err := s.SetDefault("instance_name", host); err != nil {
			return err
		}
	}
	return s.Set("data_directory", dir)
}

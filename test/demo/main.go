package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/test/story"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{Use: "story", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(tellCommand(), writerCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "\nthe story stopped:", err)
		os.Exit(1)
	}
}

func tellCommand() *cobra.Command {
	var rootDir string
	var short bool
	cmd := &cobra.Command{
		Use:   "tell",
		Short: "Push the images, install the operator and tell the story",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := environment(cmd.Context(), rootDir, short)
			if err != nil {
				return err
			}
			if err := story.Tell(cmd.Context(), e); err != nil {
				return err
			}
			farewell(cmd.OutOrStdout(), e)
			return nil
		},
	}
	cmd.Flags().StringVar(&rootDir, "root", ".", "the repository")
	cmd.Flags().BoolVar(&short, "short", false, "fewer writes")
	return cmd
}

func writerCommand() *cobra.Command {
	var prefix, out string
	cmd := &cobra.Command{
		Use:   "writer",
		Short: "Put keys through STORY_DSN until told to stop, and note each acknowledgement",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := os.Create(filepath.Clean(out))
			if err != nil {
				return err
			}
			defer f.Close()
			return story.Write(cmd.Context(), os.Getenv("STORY_DSN"), prefix, f)
		},
	}
	cmd.Flags().StringVar(&prefix, "prefix", "w", "what the keys begin with")
	cmd.Flags().StringVar(&out, "out", "", "file of acknowledgements")
	return cmd
}

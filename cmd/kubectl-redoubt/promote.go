package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

func promoteCommand(flags *genericclioptions.ConfigFlags, io genericclioptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use:   "promote NAME [INSTANCE]",
		Short: "Ask for a planned switchover, to the instance named or to the one furthest ahead",
		Args:  cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := connect(flags)
			if err != nil {
				return err
			}
			c, err := s.cluster(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			to := "any"
			if len(args) == 2 {
				to = args[1]
			}
			if err := s.askForSwitchover(cmd.Context(), c, to); err != nil {
				return err
			}
			fmt.Fprintf(io.Out, "switchover of %s to %s asked for; see: kubectl redoubt status %s\n", c.Name, to, c.Name)
			return nil
		},
	}
}

func (s *session) askForSwitchover(ctx context.Context, c *redoubtv1.WALCluster, to string) error {
	known := slices.ContainsFunc(c.Status.Members, func(m redoubtv1.Member) bool { return m.Name == to })
	if to != "any" && !known {
		return fmt.Errorf("%s is not an instance of %s", to, c.Name)
	}
	if to == c.Status.CurrentPrimary {
		return fmt.Errorf("%s is the primary already", to)
	}
	before := client.MergeFrom(c.DeepCopy())
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[redoubtv1.AnnotationSwitchover] = to
	return s.client.Patch(ctx, c, before)
}

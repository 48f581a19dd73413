package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// version is set by the linker.
var version = "dev"

func main() {
	if err := newCommand(genericclioptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}).Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func newCommand(io genericclioptions.IOStreams) *cobra.Command {
	flags := genericclioptions.NewConfigFlags(true)
	root := &cobra.Command{
		Use:           "kubectl-redoubt",
		Short:         "Look at Redoubt's clusters",
		SilenceUsage:  true,
		SilenceErrors: true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl redoubt"},
	}
	root.SetOut(io.Out)
	root.SetErr(io.ErrOut)
	flags.AddFlags(root.PersistentFlags())
	root.AddCommand(statusCommand(flags, io), explainCommand(flags, io), promoteCommand(flags, io), versionCommand(io))
	return root
}

func versionCommand(io genericclioptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "The version of this plugin",
		Args:  cobra.NoArgs,
		Run:   func(*cobra.Command, []string) { fmt.Fprintln(io.Out, version) },
	}
}

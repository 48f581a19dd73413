package app

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// Main runs the command line of a node that offers these modules, and exits.
func Main(modules ...rmgr.Module) {
	os.Exit(Run(os.Args[1:], os.Stdout, os.Stderr, modules...))
}

// Run is Main without its exit. An error is one line on stderr and the code 1.
func Run(args []string, stdout, stderr io.Writer, modules ...rmgr.Module) int {
	root := newRoot(&app{modules: modules, stdout: stdout, stderr: stderr})
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if coded := (*exitError)(nil); errors.As(err, &coded) {
		if coded.err != nil {
			fmt.Fprintln(stderr, "node: "+coded.err.Error())
		}
		return coded.code
	}
	if err != nil {
		fmt.Fprintln(stderr, "node: "+describe(err))
		return 1
	}
	return 0
}

// An exitError ends the process with a code of its own.
type exitError struct {
	code int
	err  error // nil if everything has been said
}

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// describe adds detail and hint of errors that have them.
func describe(err error) string {
	text := err.Error()
	if e := (*rmgr.Error)(nil); errors.As(err, &e) {
		if e.Detail != "" {
			text += "\n  detail: " + e.Detail
		}
		if e.Hint != "" {
			text += "\n  hint: " + e.Hint
		}
	}
	return text
}

// app is what every command has.
type app struct {
	modules        []rmgr.Module
	stdout, stderr io.Writer
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "node",
		Short:         "A write-ahead-log node in PostgreSQL 15's log format, with pluggable resource managers",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(a.initCommand(), a.runCommand(), a.basebackupCommand(), a.resetSuspectCommand(), a.censusCommand(), a.waldumpCommand(), a.modulesCommand(), a.versionCommand())
	root.AddCommand(a.localCommands()...)
	return root
}

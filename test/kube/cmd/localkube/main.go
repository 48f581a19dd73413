package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"

	"github.com/redoubt-wal/redoubt/test/kube/cluster"
	"github.com/redoubt-wal/redoubt/test/kube/supervisor"
)

// subcommands are in the order in which usage shows them.
var subcommands = []struct {
	name, args, summary string
	run                 func(*arguments) error
}{
	{"install", "", "install the Debian packages that are missing", install},
	{"build", "", "build Kubernetes, etcd and helm from source, if they changed", build},
	{"up", "", "start the cluster and wait until it can be used", up},
	{"status", "", "show what runs and what does not", status},
	{"kubeconfig", "", "print the path of the kubeconfig", kubeconfig},
	{"load-image", "--name REF --binary FILE[:PATH]...", "make an image of static binaries, push it, print its digest", loadImage},
	{"cut-node", "NODE", "take a node's network link down", cutNode},
	{"heal-node", "NODE", "take a node's network link up again", healNode},
	{"exec-net", "NODE -- CMD...", "run a command of this machine in a node's network", execNet},
	{"exec-node", "NODE -- CMD...", "run a command inside a node", execNode},
	{"down", "[--purge]", "end the cluster and remove everything of it", down},
}

func main() {
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	if len(os.Args) < 2 {
		usage()
		os.Exit(2)
	}
	if os.Args[1] == cluster.SuperviseCommand {
		log.Fatal(supervise(os.Args[2:]))
	}
	for _, s := range subcommands {
		if s.name == os.Args[1] {
			os.Exit(exitCode(s.run(newArguments(s.name, s.args, s.summary, os.Args[2:]))))
		}
	}
	usage()
	os.Exit(2)
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: localkube COMMAND [flags]")
	for _, s := range subcommands {
		fmt.Fprintf(os.Stderr, "  %-12s%s\n", s.name, s.summary)
	}
}

// exitCode tells the error and hands on the exit code of a command that we
// ran for the user.
func exitCode(err error) int {
	switch ended := (*exec.ExitError)(nil); {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 2
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	fmt.Fprintln(os.Stderr, "localkube:", err)
	return 1
}

// supervise is what we are when we are process 1 of a machine.
func supervise(args []string) error {
	if len(args) != 1 || os.Getpid() != 1 {
		return errors.New("supervise is for `localkube up` to call")
	}
	machine, err := supervisor.Read(args[0])
	if err != nil {
		return err
	}
	return supervisor.Run(machine, os.Stdin)
}

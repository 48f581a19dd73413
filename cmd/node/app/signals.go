package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// received is what PostgreSQL's postmaster says of a signal.
var received = map[os.Signal]string{
	syscall.SIGHUP:  "received SIGHUP, reloading configuration files",
	syscall.SIGINT:  "received fast shutdown request",
	syscall.SIGTERM: "received smart shutdown request",
	syscall.SIGQUIT: "received immediate shutdown request",
}

// signals are those that have arrived, one of each kind at most, as in the kernel: many of one kind
// leave room for another.
type signals map[os.Signal]chan os.Signal

// catchSignals catches signals from now on: before it a replayed record, or who reloads a node that he
// has just started, would end the process. do is what acts on them; stop gives them up.
func catchSignals() signals {
	caught := signals{}
	for s := range received {
		caught[s] = make(chan os.Signal, 1)
		signal.Notify(caught[s], s)
	}
	return caught
}

func (c signals) stop() {
	for _, arrived := range c {
		signal.Stop(arrived)
	}
}

// do does what each signal means until ctx ends.
func (c signals) do(ctx context.Context, log *slog.Logger, means map[os.Signal]func() error) {
	for s, act := range means {
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case <-c[s]:
				}
				log.Info(received[s])
				if err := act(); err != nil {
					log.Error("the signal has changed nothing", "error", err)
				}
			}
		}()
	}
}

// killer sends this process the signals that replayed records of the signal module ask for. It speaks
// first: after SIGKILL nobody does. The words are signal_rmgr's.
func killer(log *slog.Logger) func(*slog.Logger, int, string) error {
	return func(record *slog.Logger, sig int, reason string) error {
		record.Info(fmt.Sprintf("sent signal %d (%s) to postmaster (%d)", sig, reason, os.Getpid()))
		if syscall.Signal(sig) == syscall.SIGKILL {
			log.Debug("logger shutting down")
		}
		return syscall.Kill(os.Getpid(), syscall.Signal(sig))
	}
}

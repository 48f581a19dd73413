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

// onSignals does what each signal means until ctx ends.
func onSignals(ctx context.Context, log *slog.Logger, means map[os.Signal]func() error) {
	signals := make(chan os.Signal, 4)
	for s := range means {
		signal.Notify(signals, s)
	}
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			log.Info(received[s])
			if err := means[s](); err != nil {
				log.Error("the signal has changed nothing", "error", err)
			}
		}
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

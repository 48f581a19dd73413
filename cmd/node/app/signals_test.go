package app

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// late takes what the kernel delivers after a test has given its signals up: it would end the process.
var late = make(chan os.Signal, 1)

func send(t *testing.T, s syscall.Signal) {
	t.Helper()
	signal.Notify(late, s)
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, what string, happened <-chan struct{}) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(time.Minute):
		t.Fatal("never: " + what)
	}
}

func TestASignalThatComesBeforeAnybodyActsOnItIsKept(t *testing.T) {
	caught := catchSignals()
	defer caught.stop()
	send(t, syscall.SIGHUP)
	reloaded := make(chan struct{}, 100) // one of another test's may be late
	caught.do(t.Context(), slog.New(slog.DiscardHandler), map[os.Signal]func() error{
		syscall.SIGHUP: func() error { reloaded <- struct{}{}; return nil },
	})
	await(t, "reload", reloaded)
}

func TestManyReloadsDoNotHideAStop(t *testing.T) {
	caught := catchSignals()
	defer caught.stop()
	reloading, release, stopped := make(chan struct{}, 100), make(chan struct{}), make(chan struct{})
	defer close(release)
	caught.do(t.Context(), slog.New(slog.DiscardHandler), map[os.Signal]func() error{
		syscall.SIGHUP: func() error { reloading <- struct{}{}; <-release; return nil },
		syscall.SIGINT: func() error { close(stopped); return nil },
	})
	send(t, syscall.SIGHUP)
	await(t, "reload", reloading)
	for range 20 {
		send(t, syscall.SIGHUP)
	}
	send(t, syscall.SIGINT)
	await(t, "stop", stopped)
}

package network

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Answers says whether a TCP address, given by number, can be connected to
// from the network of a process.
func Answers(process int, address string) error {
	failed := make(chan error)
	go func() {
		// The thread ends with this goroutine, since it stays locked: nothing
		// else ever runs in the foreign namespace.
		runtime.LockOSThread()
		failed <- connect(process, address)
	}()
	return <-failed
}

func connect(process int, address string) error {
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", process))
	if err != nil {
		return err
	}
	defer namespace.Close()
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network of process %d: %w", process, err)
	}
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

package supervisor

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// firstRelay is the descriptor of the first relay's listener: the launcher
// opened it outside, where the machine's network cannot be reached.
const firstRelay = 3

func serveRelays(relays []Relay) error {
	for i, r := range relays {
		syscall.CloseOnExec(firstRelay + i) // it is not for the programs
		f := os.NewFile(uintptr(firstRelay+i), "relay to "+r.To)
		listener, err := net.FileListener(f)
		if err != nil {
			return fmt.Errorf("relay to %s: %w", r.To, err)
		}
		f.Close()
		go accept(listener, r.To)
	}
	return nil
}

func accept(listener net.Listener, to string) {
	for {
		outside, err := listener.Accept()
		if err != nil {
			return
		}
		go pass(outside.(*net.TCPConn), to)
	}
}

// pass copies both ways until both sides have said all they had to say.
func pass(outside *net.TCPConn, to string) {
	defer outside.Close()
	c, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	inside := c.(*net.TCPConn)
	defer inside.Close()
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(inside, outside)
		_ = inside.CloseWrite()
		close(done)
	}()
	_, _ = io.Copy(outside, inside)
	_ = outside.CloseWrite()
	<-done
}

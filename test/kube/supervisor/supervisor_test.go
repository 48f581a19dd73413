package supervisor

import (
	"io"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestAMachineIsReadAsItWasWritten(t *testing.T) {
	want := Machine{
		Name:     "node-1",
		Binds:    []Bind{{"/a", "/b"}},
		Relays:   []Relay{{"10.77.0.1:1"}},
		Programs: []Program{{Name: "p", Args: []string{"/p", "-x"}, Log: "/l", After: []string{"unix:///s"}}},
	}
	path := filepath.Join(t.TempDir(), "machine.json")
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v and %v", got, err)
	}
}

func TestNothingStartsWithoutTheLauncher(t *testing.T) {
	// It would change this process's namespaces if it went on.
	if err := Run(Machine{Name: "node-1"}, strings.NewReader("")); err == nil {
		t.Error("it started although the launcher has closed its end")
	}
}

func TestARelayPassesBothWaysAndTheEnds(t *testing.T) {
	inside := echoServer(t)
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	go accept(outside, inside)

	conn, err := net.Dial("tcp", outside.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); string(got) != "hello" || err != nil {
		t.Errorf("got %q and %v", got, err)
	}
}

// echoServer says what it is told, once it has been told everything.
func echoServer(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		text, _ := io.ReadAll(conn)
		_, _ = conn.Write(text)
	}()
	return listener.Addr().String()
}

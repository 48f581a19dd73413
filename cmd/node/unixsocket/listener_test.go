package unixsocket

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAConnectionLeavesNoDescriptorOpen(t *testing.T) {
	l := listen(t)
	before := descriptors(t)
	for range 20 {
		theirs, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		ours, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(ours.Close(), theirs.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}

// A server out of descriptors goes on: net.Listener's users wait and try again after a net.Error.
func TestAConnectionThatThereAreNoDescriptorsForIsClosed(t *testing.T) {
	l := listen(t)
	theirs, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	before := descriptors(t)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = uint64(highest(t) + 3) // room for the accepted socket and its second descriptor
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	_, err = l.Accept()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var ne net.Error
	if !errors.As(err, &ne) || !errors.Is(err, unix.EMFILE) {
		t.Fatalf("Accept returns %v, want a net.Error for %v", err, unix.EMFILE)
	}
	if _, err := theirs.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("the client reads %v, want the connection's end", err)
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ours := Listen(l)
	t.Cleanup(func() { ours.Close() })
	return ours
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// highest is the highest descriptor in use.
func highest(t *testing.T) int {
	t.Helper()
	fd, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for n := fd; ; n++ {
		if _, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); err != nil && n > fd {
			return n - 1
		}
	}
}

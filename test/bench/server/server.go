package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Server is one that runs. It listens on a unix socket in its directory only.
type Server struct {
	Socket string // directory of the socket
	Port   int
	User   string
	pgbin  string

	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex
	text []string // what it has logged
}

// start runs a program whose log goes to standard error, in a session of its own: the kernel shares the
// processors between sessions, and one that pgbench is in would be at a disadvantage.
func start(as *syscall.Credential, name string, args ...string) (*Server, error) {
	s := &Server{cmd: exec.Command(name, args...), done: make(chan struct{})}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT, Setsid: true}
	s.cmd.Dir = "/"
	log, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.follow(log)
		s.cmd.Wait() // how it ended is in its log
		close(s.done)
	}()
	return s, nil
}

func (s *Server) follow(log io.Reader) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		s.mu.Lock()
		s.text = append(s.text, lines.Text())
		s.mu.Unlock()
	}
}

// Await returns the first logged line that contains text.
func (s *Server) Await(ctx context.Context, text string) (string, error) {
	for {
		ended := false
		select {
		case <-s.done:
			ended = true
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
		s.mu.Lock()
		lines := s.text
		s.mu.Unlock()
		for _, l := range lines {
			if strings.Contains(l, text) {
				return l, nil
			}
		}
		if ended {
			return "", fmt.Errorf("the server ended before it said %q: %s", text, strings.Join(lines, "\n"))
		}
	}
}

// Stop ends the server with a signal and waits until it is gone.
func (s *Server) Stop(sig syscall.Signal) error {
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(60 * time.Second):
		return errors.Join(fmt.Errorf("process %d does not end", s.cmd.Process.Pid), s.cmd.Process.Kill())
	}
}

// SQL runs statements with psql.
func (s *Server) SQL(ctx context.Context, statements ...string) (string, error) {
	args := []string{"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"}
	for _, q := range statements {
		args = append(args, "-c", q)
	}
	return s.client(ctx, "psql", args...)
}

func (s *Server) client(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(s.pgbin, program), args...)
	cmd.Env = append(os.Environ(), "PGHOST="+s.Socket, "PGPORT="+strconv.Itoa(s.Port), "PGUSER="+s.User, "PGDATABASE=postgres", "PGSSLMODE=disable")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// other is a user that PostgreSQL runs as, nil if we are not root.
func other() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("there is neither a user postgres nor nobody for PostgreSQL to run as")
}

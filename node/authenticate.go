package node

import (
	"io"
	"strings"
	"sync"

	"github.com/redoubt-wal/redoubt/node/pgwire"
)

// method says how a client must prove who it is: whoever has a certificate of the user's name by that,
// as other nodes do, and everybody else as the setting authentication says. A certificate of another
// name proves nothing.
func (n *Node) method(c pgwire.Client) pgwire.Method {
	switch {
	case c.CommonName != "" && c.CommonName == c.User:
		return pgwire.Trust
	case n.settings.String("authentication") == "scram-sha-256":
		return pgwire.SCRAM
	}
	return pgwire.Trust
}

// verifier is the superuser's password verifier.
func (n *Node) verifier(user string) (string, bool) {
	password := n.password()
	if user != n.settings.String("superuser_name") || password == "" {
		return "", false
	}
	if strings.HasPrefix(password, "SCRAM-SHA-256$") {
		return password, true
	}
	v, err := n.secret.verifier(password, n.opts.Rand)
	if err != nil {
		n.log.Error("could not make a verifier of the superuser's password", "error", err)
		return "", false
	}
	return v, true
}

// secret keeps the verifier made of a password: another salt for each connection would tell that
// the user exists.
type secret struct {
	mu             sync.Mutex
	password, kept string
}

func (s *secret) verifier(password string, random io.Reader) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != "" && s.password == password {
		return s.kept, nil
	}
	v, err := pgwire.NewVerifier(password, random)
	if err == nil {
		s.password, s.kept = password, v
	}
	return v, err
}

// password is the first line of superuser_password_file.
func (n *Node) password() string {
	name := n.settings.String("superuser_password_file")
	if name == "" {
		return ""
	}
	text, err := n.readFile(name)
	if err != nil {
		n.log.Error("could not read superuser_password_file", "error", err)
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimRight(line, "\r")
}

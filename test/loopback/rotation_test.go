package loopback_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/api/control"
)

// rotate gives the cluster another authority, whose certificates take the place of the files of the one
// before.
func rotate(t *testing.T, dir string, nodes ...*process) {
	t.Helper()
	certs := newAuthority(t, dir)
	certs.issue("redoubt-operator")
	for _, p := range nodes {
		certs.issue(p.name)
		p.control.Close()
		p.control = control.NewClient(fmt.Sprintf("127.0.0.1:%d", p.ctl), control.ClientOptions{TLS: certs.client("redoubt-operator", p.name)})
	}
}

// A standby's stream may be older than the certificates that are in force when it breaks.
func TestAStandbyComesBackAfterTheAuthorityHasChanged(t *testing.T) {
	binary, certs := build(t), newAuthority(t, t.TempDir())
	certs.issue("redoubt-operator")
	a, b := newProcess(t, binary, "a", certs), newProcess(t, binary, "b", certs)
	for _, p := range []*process{a, b} {
		p.start()
		p.await("empty", hasRole(control.RoleEmpty))
	}
	a.do(control.InitRequest{})
	a.do(control.PromoteRequest{Timeline: 1})
	b.do(control.FollowRequest{Upstream: a.upstream(), Timeline: 1})
	b.await("streaming", streaming)

	rotate(t, certs.dir, a, b)
	a.kill(syscall.SIGKILL)
	b.await("without its upstream", func(s control.Status) bool { return !s.Streaming })
	a.start()
	a.await("waiting", hasRole(control.RoleWaiting))
	a.do(control.PromoteRequest{Timeline: 1})
	b.await("streaming again", streaming)
}

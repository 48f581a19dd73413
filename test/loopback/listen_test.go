package loopback_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// An address that cannot be had keeps nobody from the others; without any there is nothing to serve.
func TestAnAddressThatCannotBeHad(t *testing.T) {
	p := newPlain(t, build(t), "kv")
	taken := fmt.Sprintf("127.0.0.2:%d", p.port)
	l, err := net.Listen("tcp", taken)
	must(t, err)
	defer l.Close()
	p.run("listen_addresses=127.0.0.2,127.0.0.1")
	if got := p.ask("SHOW listen_addresses"); got != "127.0.0.2,127.0.0.1" {
		t.Errorf("it listens on %s", got)
	}
	if log := p.log(); strings.Count(log, "could not create a listen socket") != 1 || !strings.Contains(log, taken) {
		t.Error("the log does not say which address is missing")
	}
	p.stop()
	p.start("listen_addresses=127.0.0.2")
	if how := p.end(); how != "exit 1" || !strings.Contains(p.log(), "listen_addresses: listen tcp "+taken) {
		t.Errorf("with that address alone it ended with %s", how)
	}
}

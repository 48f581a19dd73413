package loopback_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// A limit of zero is none of the thing, not no limit.
func TestALimitOfZeroIsNone(t *testing.T) {
	p := newPlain(t, build(t), "kv", "max_wal_senders=0", "max_replication_slots=0").run()
	if out, err := p.psql("-c", "SELECT pg_create_physical_replication_slot('s')"); err == nil || !strings.Contains(out, "ERROR:  replication slots can only be used if max_replication_slots > 0") {
		t.Errorf("a slot: %s, %v", out, err)
	}
	out, err := exec.Command(tool(t, "psql"), "-X", "-c", "IDENTIFY_SYSTEM", "host=127.0.0.1 user=postgres replication=true port="+strconv.Itoa(p.port)).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "FATAL:  number of requested standby connections exceeds max_wal_senders (currently 0)") {
		t.Errorf("a replication connection: %s, %v", out, err)
	}
}

package loopback_test

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
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

// The largest value that kv keeps goes in and comes out, by either protocol.
func TestTheLargestValueFitsIntoAMessage(t *testing.T) {
	p := newPlain(t, build(t), "kv").run()
	conn, err := pgx.Connect(t.Context(), "host=127.0.0.1 user=postgres sslmode=disable port="+strconv.Itoa(p.port))
	must(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	value := strings.Repeat("it's", 16<<20)
	for how, mode := range map[string]pgx.QueryExecMode{"simple": pgx.QueryExecModeSimpleProtocol, "extended": pgx.QueryExecModeExec} {
		_, err := conn.Exec(t.Context(), "SELECT kv_put($1, $2)", mode, how, value)
		must(t, err)
		var got string
		must(t, conn.QueryRow(t.Context(), "SELECT kv_get($1)", mode, how).Scan(&got))
		if got != value {
			t.Errorf("%s: a value of %d bytes came back with %d, or others", how, len(value), len(got))
		}
	}
}

package loopback_test

import (
	"bytes"
	"strings"
	"testing"
)

// The checks of PostgreSQL's src/test/modules/test_custom_rmgrs/t/001_basic.pl, in its order, and what
// the chapter's Note adds: without the module the server does not start as long as its records exist.
func TestCustomRmgrs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	node := newPlain(t, build(t), "testrmgr", "allow_experimental=on").run()
	for _, statement := range []string{"CREATE EXTENSION test_custom_rmgrs", "CREATE EXTENSION pg_walinspect"} {
		if out, err := node.psql("-c", statement); err != nil || out != "CREATE EXTENSION\n" {
			t.Errorf("%s: %v, %s", statement, err, out)
		}
	}

	// A slot keeps checkpoints from removing what is looked at, and says where it begins.
	start := node.ask("SELECT lsn FROM pg_create_physical_replication_slot('regress_test_slot1', true, false)")
	recordEnd := node.ask("SELECT * FROM test_custom_rmgrs_insert_wal_record('payload123')")
	node.ask("SELECT pg_switch_wal()")
	end := node.ask("SELECT pg_current_wal_flush_lsn()")

	// The manager is registered with the server.
	if got := node.ask("SELECT count(*) FROM pg_get_wal_resource_managers() WHERE rm_name = 'test_custom_rmgrs'"); got != "1" {
		t.Errorf("it is registered %s times", got)
	}
	if got := node.ask("SELECT * FROM pg_get_wal_resource_managers() WHERE rm_id >= 128"); got != "128|test_custom_rmgrs|f" {
		t.Errorf("the row is %s", got)
	}

	// It has written a record.
	const columns = "SELECT end_lsn, resource_manager, record_type, fpi_length, description FROM pg_get_wal_records_info("
	want := recordEnd + "|test_custom_rmgrs|TEST_CUSTOM_RMGRS_MESSAGE|0|payload (10 bytes): payload123"
	looked := columns + "'" + start + "', '" + end + "') WHERE resource_manager = 'test_custom_rmgrs'"
	if got := node.ask(looked); got != want {
		t.Errorf("the record is\n%s, want\n%s", got, want)
	}
	if got := node.ask("SELECT start_lsn < end_lsn AND end_lsn <= '" + end + "'::pg_lsn FROM pg_get_wal_records_info('" + start + "', '" + end + "') WHERE resource_manager = 'test_custom_rmgrs'"); got != "t" {
		t.Errorf("the record's LSNs are out of order: %s", got)
	}

	// The server stops and starts with the module, after a crash as well.
	node.stop()
	node.run()
	if got := node.ask(looked); got != want {
		t.Errorf("after a restart the record is\n%s, want\n%s", got, want)
	}
	node.ask("SELECT test_custom_rmgrs_insert_wal_record('after')")
	node.kill()
	node.run()
	node.ask("SELECT test_custom_rmgrs_insert_wal_record('needed')")
	node.kill()

	// Without it, it does not: PostgreSQL's words, and a hint that knows the module's name.
	before := everything(t, node.dir)
	node.start("preload_modules=")
	if how := node.end(); how != "exit 1" {
		t.Errorf("without the module the node ended with %s", how)
	}
	for _, words := range []string{"resource manager with ID 128 not registered", `Include module "testrmgr", version 1.0.0, which implements this resource manager, in preload_modules.`} {
		if !strings.Contains(node.log(), words) {
			t.Errorf("the node does not say %q:\n%s", words, node.log())
		}
	}
	after := everything(t, node.dir)
	for name, want := range before {
		if !bytes.Equal(after[name], want) {
			t.Errorf("%s has changed", name)
		}
	}
	node.run()
	if got := node.ask("SELECT count(*) FROM pg_get_wal_records_info('" + start + "', pg_current_wal_lsn()) WHERE resource_manager = 'test_custom_rmgrs'"); got != "3" {
		t.Errorf("of three records %s are there", got)
	}
}

package interop_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/redoubt-wal/redoubt/test/pg15"
)

// connectPeer starts a real PostgreSQL 15 and connects to it.
func connectPeer(t *testing.T) *pgx.Conn {
	t.Helper()
	s := pg15.Start(t, []string{"-U", "postgres"}, "wal_level=logical")
	return connect(t, fmt.Sprintf("host=%s user=postgres dbname=postgres", filepath.Dir(s.Data)))
}

func connect(t testing.TB, conninfo string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), conninfo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(t.Context()) })
	return c
}

// shape is the names and types of a query's columns, or its error.
func shape(t *testing.T, c *pgx.Conn, query string) string {
	t.Helper()
	d, err := c.Prepare(t.Context(), "", query)
	if err != nil {
		return failure(err)
	}
	var cols []string
	for _, f := range d.Fields {
		cols = append(cols, fmt.Sprintf("%s %d", f.Name, f.DataTypeOID))
	}
	return strings.Join(cols, "\n")
}

// failure is what a client is told, without what only one of the two has.
func failure(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return fmt.Sprintf("%s %s: %s\n%s", e.Severity, e.Code, e.Message, e.Detail)
	}
	return err.Error()
}

// place is where in the query an error is.
func place(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Position > 0 {
		return fmt.Sprintf(" at %d", e.Position)
	}
	return ""
}

func TestViewsHaveThePeersColumns(t *testing.T) {
	theirs, ours := connectPeer(t), startNode(t).connect()
	if _, err := theirs.Exec(t.Context(), "CREATE EXTENSION pg_walinspect"); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{
		"pg_stat_replication", "pg_stat_wal_receiver", "pg_stat_wal", "pg_replication_slots", "pg_stat_bgwriter", "pg_stat_activity",
		"pg_stat_archiver", "pg_stat_replication_slots", "pg_settings",
		"pg_tablespace", "pg_index", "pg_enum", "pg_policy", "pg_type_is_visible(20)", "pg_tablespace_location(1663)",
		"pg_database", "pg_roles", "pg_auth_members", "pg_namespace", "pg_extension", "pg_description", "pg_am", "pg_collation",
		"pg_class", "pg_attribute", "pg_attrdef", "pg_type", "pg_proc", "pg_get_userbyid(10)", "pg_encoding_to_char(6)", "format_type(20, -1)",
		"pg_table_is_visible(1)", "pg_function_is_visible(1)", "pg_get_function_result(1)", "pg_get_function_arguments(1)", "obj_description(1, 'pg_class')",
		"array_to_string(ARRAY(SELECT 'a'::text), ',')",
		"pg_create_physical_replication_slot('a')", "pg_create_logical_replication_slot('a', 'test_decoding')",
		"pg_replication_slot_advance('a', '0/1')", "pg_drop_replication_slot('a')",
		"pg_logical_slot_get_changes('a', NULL, NULL)", "pg_logical_slot_peek_changes('a', NULL, NULL, 'include-xids', '0')",
		"pg_logical_slot_get_binary_changes('a', NULL, NULL)", "pg_logical_slot_peek_binary_changes('a', NULL, 3)",
		"pg_get_wal_resource_managers()", "pg_get_wal_record_info('0/1')", "pg_get_wal_records_info('0/1', '0/1')",
		"pg_get_wal_records_info_till_end_of_wal('0/1')", "pg_get_wal_stats('0/1', '0/1', true)", "pg_get_wal_stats_till_end_of_wal('0/1')",
		"pg_walfile_name_offset('0/1')", "pg_current_wal_lsn()", "pg_wal_lsn_diff('0/1', '0/1')", "pg_last_wal_replay_lsn()",
		"pg_control_checkpoint()", "pg_control_system()", "pg_control_init()", "pg_control_recovery()", "pg_ls_waldir()",
		"pg_is_wal_replay_paused()", "pg_get_wal_replay_pause_state()", "pg_size_pretty(1::bigint)", "pg_create_restore_point('a')",
		"pg_last_xact_replay_timestamp()", "pg_ls_archive_statusdir()", "pg_postmaster_start_time()", "pg_conf_load_time()",
		"current_setting('port')", "pg_backend_pid()", "version()",
	} {
		t.Run(from, func(t *testing.T) {
			if diff := cmp.Diff(shape(t, theirs, "SELECT * FROM "+from), shape(t, ours, "SELECT * FROM "+from)); diff != "" {
				t.Errorf("PostgreSQL (-) and the node (+) differ:\n%s", diff)
			}
		})
	}
}

// Drivers ask for binary values: each type says the same in binary as in text.
func TestValuesAreTheSameInBinary(t *testing.T) {
	c := startNode(t).connect()
	run(t, c, "SELECT pg_create_logical_replication_slot('l', 'test_decoding')")
	run(t, c, "SELECT kv_put('a', 'v')")
	for query, want := range map[string]string{
		"SELECT datoid, database, xmin FROM pg_replication_slots WHERE slot_name = 'l'":                               "5 postgres <nil>",
		"SELECT wal_bytes > 0, wal_records > 0, wal_sync > 0 FROM pg_stat_wal":                                        "true true true",
		"SELECT pg_wal_lsn_diff('1/0', '0/0')":                                                                        "{4294967296 0 false finite true}",
		"SELECT pg_wal_lsn_diff('0/0', '0/2711')":                                                                     "{-10001 0 false finite true}",
		"SELECT setting, unit, enumvals, boot_val, source FROM pg_settings WHERE name = 'wal_level'":                  "logical <nil> [minimal replica logical] logical default",
		"SELECT setting, unit, vartype, min_val FROM pg_settings WHERE name = 'shared_buffers'":                       "16384 8kB integer 16",
		"SELECT enumvals FROM pg_settings WHERE name = 'port'":                                                        "<nil>",
		"SELECT xid, data FROM pg_logical_slot_peek_changes('l', NULL, 1) LIMIT 1":                                    "0 BEGIN 0",
		"SELECT ARRAY[1,NULL,3], '{1.5}'::float8[], ARRAY[true], '{9}'::oid[], ARRAY['a b'], ARRAY['\\x0102'::bytea]": "[1 <nil> 3] [1.5] [true] [9] [a b] [[1 2]]",
		"SELECT slot_name FROM pg_create_physical_replication_slot('p')":                                              "p",
	} {
		rows, err := c.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				t.Errorf("%s: %v", query, err)
			}
			var cells []string
			for _, v := range values {
				cells = append(cells, fmt.Sprint(v))
			}
			got = strings.Join(cells, " ")
		}
		if rows.Err() != nil || got != want {
			t.Errorf("%s\ngave %s (%v)\nwant %s", query, got, rows.Err(), want)
		}
	}
}

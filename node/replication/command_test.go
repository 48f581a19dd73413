package replication_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/redoubt-wal/redoubt/node/replication"
)

// commands are what PostgreSQL 15's tools send, and what else the grammar has.
var commands = map[string]any{
	"IDENTIFY_SYSTEM":       &IdentifySystem{},
	"IDENTIFY_SYSTEM;":      &IdentifySystem{},
	"SHOW wal_segment_size": &Show{Name: "wal_segment_size"},
	"SHOW a.b":              &Show{Name: "a.b"},
	"TIMELINE_HISTORY 2":    &TimelineHistory{Timeline: 2},

	"READ_REPLICATION_SLOT s1":                           &ReadSlot{Name: "s1"},
	`CREATE_REPLICATION_SLOT "s1" PHYSICAL`:              &CreateSlot{Name: "s1"},
	`CREATE_REPLICATION_SLOT "s1" PHYSICAL RESERVE_WAL`:  &CreateSlot{Name: "s1", Options: []Option{{Name: "reserve_wal"}}},
	`CREATE_REPLICATION_SLOT s PHYSICAL (RESERVE_WAL 0)`: &CreateSlot{Name: "s", Options: []Option{{"reserve_wal", "0", true}}},
	`DROP_REPLICATION_SLOT "s1"`:                         &DropSlot{Name: "s1"},
	`DROP_REPLICATION_SLOT S1 WAIT`:                      &DropSlot{Name: "s1", Wait: true},
	"START_REPLICATION 0/1000000":                        &StartReplication{From: 0x1000000},
	`START_REPLICATION SLOT "s1" 0/1000000 TIMELINE 1`:   &StartReplication{Slot: "s1", From: 0x1000000, Timeline: 1},
	"START_REPLICATION PHYSICAL A/B0000000 TIMELINE 4":   &StartReplication{From: 0xAB0000000, Timeline: 4},
	`START_REPLICATION SLOT "ls1" LOGICAL 0/0`:           &StartReplication{Slot: "ls1", Logical: true},
	"BASE_BACKUP": &BaseBackup{},
	"CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL p": &CreateSlot{Name: "s", Temporary: true, Logical: true, Plugin: "p"},
	`CREATE_REPLICATION_SLOT s LOGICAL p NOEXPORT_SNAPSHOT TWO_PHASE`: &CreateSlot{Name: "s", Logical: true, Plugin: "p", Options: []Option{
		{"snapshot", "nothing", true}, {Name: "two_phase"},
	}},
	`CREATE_REPLICATION_SLOT "pg_basebackup_1" TEMPORARY PHYSICAL ( RESERVE_WAL)`: &CreateSlot{
		Name: "pg_basebackup_1", Temporary: true, Options: []Option{{Name: "reserve_wal"}},
	},
	`CREATE_REPLICATION_SLOT "ls1" LOGICAL "test_decoding" ( SNAPSHOT 'nothing')`: &CreateSlot{
		Name: "ls1", Logical: true, Plugin: "test_decoding", Options: []Option{{"snapshot", "nothing", true}},
	},
	`START_REPLICATION SLOT "ls1" LOGICAL 1/2F ("Opt" 'it''s', "flag")`: &StartReplication{
		Slot: "ls1", Logical: true, From: 0x10000002F, Options: []Option{{"Opt", "it's", true}, {Name: "flag"}},
	},
	`BASE_BACKUP ( LABEL 'pg_basebackup base backup',  PROGRESS,  CHECKPOINT 'fast',  WAIT 0,  MANIFEST 'yes',  TARGET 'client')`: &BaseBackup{Options: []Option{
		{"label", "pg_basebackup base backup", true}, {Name: "progress"}, {"checkpoint", "fast", true},
		{"wait", "0", true}, {"manifest", "yes", true}, {"target", "client", true},
	}},
}

func TestParse(t *testing.T) {
	for in, want := range commands {
		got, err := Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
		if !IsCommand(in) {
			t.Errorf("%s is taken for SQL", in)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"START_REPLICATION":                   "syntax error at end of input",
		"START_REPLICATION SLOT":              "syntax error at end of input",
		"START_REPLICATION 0/1 TIMELINE 0":    "invalid timeline 0",
		"START_REPLICATION 0/1 LOGICAL":       `syntax error at or near "LOGICAL"`,
		"START_REPLICATION 0/123456789":       `syntax error at or near "0/123456789"`,
		"TIMELINE_HISTORY x":                  `syntax error at or near "x"`,
		"TIMELINE_HISTORY 99999999999":        `syntax error at or near "99999999999"`,
		"CREATE_REPLICATION_SLOT s":           "syntax error at end of input",
		`CREATE_REPLICATION_SLOT "s PHYSICAL`: "unterminated quoted string",
		"BASE_BACKUP (LABEL 'x'":              "syntax error at end of input",
		"BASE_BACKUP (,)":                     `syntax error at or near ","`,
		"IDENTIFY_SYSTEM IDENTIFY_SYSTEM":     `syntax error at or near "IDENTIFY_SYSTEM"`,
		"READ_REPLICATION_SLOT TIMELINE":      `syntax error at or near "TIMELINE"`,
		"CREATE_REPLICATION_SLOT '' PHYSICAL": `syntax error at or near ""`,
		`CREATE_REPLICATION_SLOT "" PHYSICAL`: `zero-length delimited identifier at or near """"`,
		"identify_system":                     `syntax error at or near "identify_system"`,
		"":                                    "syntax error at end of input",
	} {
		if got, err := Parse(in); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v; want %s", in, got, err, want)
		}
	}
}

func TestLowerCaseIsSQL(t *testing.T) {
	for _, in := range []string{"identify_system", "SELECT 1", "show x", "", "'SHOW'", "SHOWx"} {
		if IsCommand(in) {
			t.Errorf("%q is taken for a replication command", in)
		}
	}
}

func FuzzParse(f *testing.F) {
	for in := range commands {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		cmd, err := Parse(in)
		if (cmd == nil) == (err == nil) {
			t.Errorf("%q: %v, %v", in, cmd, err)
		}
		if err == nil && !IsCommand(in) {
			t.Errorf("%q is read as %v but is not a command", in, cmd)
		}
	})
}

package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/config"
)

func TestShowPrintsAsPostgreSQL(t *testing.T) {
	for name, want := range map[string]string{
		"max_wal_size":           "1GB",
		"min_wal_size":           "80MB",
		"shared_buffers":         "128MB",
		"checkpoint_timeout":     "5min",
		"wal_sender_timeout":     "1min",
		"wal_segment_size":       "16MB",
		"segment_size":           "1GB",
		"port":                   "5432",
		"wal_keep_size":          "0",
		"MAX_SLOT_WAL_KEEP_SIZE": "-1",
		"datestyle":              "ISO, MDY",
		"server_version":         "15.18",
	} {
		if got, ok := config.Defaults().Show(name); !ok || got != want {
			t.Errorf("SHOW %s = %q, %v; want %q", name, got, ok, want)
		}
	}
}

func TestFileIsReadAsPostgreSQLReadsIt(t *testing.T) {
	s, err := config.Load("redoubt.conf", []byte(strings.Join([]string{
		"# a comment", "", "port = 6000 # the port", "listen_addresses '*'",
		"synchronous_standby_names = 'ANY 1 (a, \"b\")'", "cluster_name = 'it''s'", "wal_compression=on",
		"max_wal_size = 1.5GB", "checkpoint_timeout = 90s", "port = 6001\r",
	}, "\n")), "max-wal-size=3GB")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"port": "6001", "listen_addresses": "*", "synchronous_standby_names": `ANY 1 (a, "b")`, "cluster_name": "it's",
		"wal_compression": "on", "max_wal_size": "3GB", "checkpoint_timeout": "90s",
	} {
		if got, _ := s.Show(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := s.Bytes("max_wal_size"); got != 3<<30 {
		t.Errorf("max_wal_size is %d bytes", got)
	}
	if got := s.Duration("checkpoint_timeout"); got != 90*time.Second {
		t.Errorf("checkpoint_timeout is %v", got)
	}
}

func TestBadInputIsRefusedWithLineAndRange(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"unknown name":       {"\nwal_lvl = x", `redoubt.conf line 2: unrecognized configuration parameter "wal_lvl"`},
		"out of range":       {"port = 70000", `redoubt.conf line 1: 70000 is outside the valid range for parameter "port" (0 .. 65535)`},
		"range has its unit": {"max_wal_size = 1MB", `redoubt.conf line 1: 1 MB is outside the valid range for parameter "max_wal_size" (2 .. 2147483647 MB)`},
		"not a number":       {"port = many", `redoubt.conf line 1: invalid value for parameter "port": "many"; a whole number from 0 to 65535`},
		"wrong unit":         {"max_wal_size = 3min", `redoubt.conf line 1: invalid value for parameter "max_wal_size": "3min"; Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`},
		"not a word of it":   {"wal_compression = gzip", `redoubt.conf line 1: invalid value for parameter "wal_compression": "gzip"; Available values: pglz, lz4, zstd, on, off.`},
		"not a Boolean":      {"ssl = maybe", `redoubt.conf line 1: parameter "ssl" requires a Boolean value, not "maybe"; on or off`},
		"a fact":             {"wal_segment_size = 32MB", `redoubt.conf line 1: parameter "wal_segment_size" cannot be changed`},
		"no value":           {"port", `redoubt.conf line 1: parameter "port": has no value; an empty one is ''`},
		"two values":         {"port = 1 2", `redoubt.conf line 1: syntax error near "2": put the value of "port" in single quotes`},
		"open quote":         {"cluster_name = 'x", `redoubt.conf line 1: parameter "cluster_name": unterminated quoted string`},
		"no name":            {"= 3", `redoubt.conf line 1: syntax error near "= 3": want name = value`},
		"a lie to clients":   {"standard_conforming_strings = false", `redoubt.conf line 1: invalid value for parameter "standard_conforming_strings": "false"; only on: a backslash in '…' means itself`},
		"another lie":        {"DateStyle = 'German'", `redoubt.conf line 1: invalid value for parameter "DateStyle": "German"; only ISO, with any order of day and month`},
		"a third":            {"TimeZone = 'Europe/Berlin'", `redoubt.conf line 1: invalid value for parameter "TimeZone": "Europe/Berlin"; only UTC: times are printed in it`},
		"no such level":      {"default_transaction_isolation = bananas", `redoubt.conf line 1: invalid value for parameter "default_transaction_isolation": "bananas"; one of serializable, repeatable read, read committed, read uncommitted`},
		"a transaction's":    {"transaction_read_only = on", `redoubt.conf line 1: parameter "transaction_read_only" cannot be changed; set "default_transaction_read_only"`},
		"module twice":       {"preload_modules = 'kv, kv'", `redoubt.conf line 1: invalid value for parameter "preload_modules": "kv, kv"; "kv" is listed twice`},
		"no module's name":   {"preload_modules = 'my_module'", `redoubt.conf line 1: invalid value for parameter "preload_modules": "my_module"; module names separated by commas; "my_module" is none: a DNS label: 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at each end`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load("redoubt.conf", []byte(c.file))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestReloadChangesOnlyWhatItMay(t *testing.T) {
	s, err := config.Load("f", []byte("port = 1\nwal_receiver_timeout = 1s"), "max_wal_size=2GB")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reload("f", []byte("port = x"), nil); err == nil {
		t.Error("a bad file was accepted")
	}
	changes, err := s.Reload("f", []byte("port = 2\nwal_receiver_timeout = 2s\nmax_wal_size = 9GB"), nil)
	if err != nil || len(changes) != 2 {
		t.Fatalf("changes %v, %v; want port and wal_receiver_timeout", changes, err)
	}
	if s.Int("port") != 1 || s.Int("wal_receiver_timeout") != 2000 || s.Int("max_wal_size") != 2048 {
		t.Errorf("port %d, wal_receiver_timeout %d, max_wal_size %d", s.Int("port"), s.Int("wal_receiver_timeout"), s.Int("max_wal_size"))
	}
	if p := s.Pending(); len(p) != 1 || p[0] != (config.Change{Name: "port", Old: "1", New: "2", Restart: true}) {
		t.Errorf("pending %v", p)
	}
	if _, err := s.Reload("f", []byte("port = 1"), nil); err != nil || len(s.Pending()) != 0 {
		t.Errorf("pending after it was taken back: %v, %v", s.Pending(), err)
	}
}

// A node that nobody has named is called as its host, also after a reload.
func TestAReloadKeepsTheDefaultsOfTheMachine(t *testing.T) {
	s, err := config.Load("f", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetDefault("instance_name", "host-1"); err != nil {
		t.Fatal(err)
	}
	changes, err := s.Reload("f", []byte("isolation_timeout = 1s"), nil)
	if err != nil || len(changes) != 1 || len(s.Pending()) != 0 || s.String("instance_name") != "host-1" {
		t.Errorf("changes %v, pending %v, name %q, %v", changes, s.Pending(), s.String("instance_name"), err)
	}
	changes, err = s.Reload("f", []byte("instance_name = b\nisolation_timeout = 1s"), nil)
	if err != nil || len(changes) != 1 || changes[0].Old != "host-1" || changes[0].New != "b" {
		t.Errorf("given a name: changes %v, %v", changes, err)
	}
}

func TestQuoteIsReadBack(t *testing.T) {
	for _, v := range []string{"", "a b", `it's`, `back\slash`, `a#b`, `"x"`} {
		got, err := config.ParseFile("f", []byte("cluster_name = "+config.Quote(v)+" # c"))
		if err != nil || len(got) != 1 || got[0].Value != v {
			t.Errorf("%q came back as %v, %v", v, got, err)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add("port = 1\n# c\nx 'y'")
	f.Fuzz(func(t *testing.T, file string) {
		config.Load("f", []byte(file))
	})
}

func TestAReloadThatIsNotAcceptableChangesNothing(t *testing.T) {
	s, err := config.Load("f", []byte("port = 1"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Reload("f", []byte("cluster_name = b\nprimary_conninfo = host"), func(name, value string) error {
		if name == "primary_conninfo" && value == "host" {
			return errors.New("missing \"=\"")
		}
		return nil
	})
	if want := `f line 2: invalid value for parameter "primary_conninfo": missing "="`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := s.String("cluster_name") + s.String("primary_conninfo"); got != "" {
		t.Errorf("in force: %q", got)
	}
}

package guc_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql/guc"
)

func TestValuesGetTheirUsualSpelling(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"synchronous_commit", "TRUE", "on"},
		{"statement_timeout", "2min", "120000"},
		{"statement_timeout", "1 fortnight", `22023: invalid value for parameter "statement_timeout": "1 fortnight"`},
		{"work_mem", "1024", "1MB"},
		{"datestyle", "euro", "ISO, DMY"},
		{"enable_seqscan", "f", "off"},
		{"enable_seqscan", "maybe", `22023: parameter "enable_seqscan" requires a Boolean value`},
		{"transaction_isolation", "Serializable", "serializable"},
		{"search_path", "a, b", "a, b"},
		{"application_name", strings.Repeat("x", 16<<10+1), `22023: the value of "application_name" is longer than 16384 bytes`},
		{"wal_level", "logical", "unknown"},
	} {
		got, known, err := guc.Check(c.name, c.value)
		switch {
		case err != nil:
			got = err.Code + ": " + err.Message
		case !known:
			got = "unknown"
		}
		if got != c.want {
			t.Errorf("%s = %.20s gives %s, want %s", c.name, c.value, got, c.want)
		}
	}
	if got := guc.TimeOf("1500us"); got != 2*time.Millisecond {
		t.Errorf("1500us is %s, want 2ms", got)
	}
}

// The nearest value counts, and each of them ends in its own time.
func TestAStackOfValues(t *testing.T) {
	var s guc.Stack
	put := func(value string, local, inBlock bool) {
		t.Helper()
		if err := s.Put("a.b", value, local, inBlock); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when, want string) {
		t.Helper()
		if got, _ := s.Get("a.b"); got != want {
			t.Errorf("%s it is %q, want %q", when, got, want)
		}
	}
	put("startup", false, false)
	s.Begin()
	put("session", false, false)
	want("after SET", "session")
	put("block", false, true)
	put("local", true, true)
	want("after SET LOCAL", "local")
	s.End(true)
	want("after COMMIT", "block")
	put("undone", false, true)
	s.Reset("a.b", true)
	want("after RESET", "startup")
	s.End(false)
	want("after ROLLBACK", "block")
	s.Reset("", false)
	want("after RESET ALL", "startup")
}

func TestASessionKeepsSoManySettings(t *testing.T) {
	var s guc.Stack
	for i := range 1000 {
		if err := s.Put("a."+strings.Repeat("x", i+1), "", false, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put("a.b", "", true, true); err == nil || err.Code != "54000" {
		t.Errorf("one more gives %v, want 54000", err)
	}
	if err := s.Put("a.x", "again", false, false); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}

package testrmgr_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
	"github.com/redoubt-wal/redoubt/rmgr/testrmgr"
)

func TestConformance(t *testing.T) { rmgrtest.Run(t, testrmgr.Module) }

func FuzzRedo(f *testing.F)     { rmgrtest.FuzzRedo(f, testrmgr.Module) }
func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, testrmgr.Module) }

func BenchmarkRedo(b *testing.B) { rmgrtest.BenchmarkRedo(b, testrmgr.Module) }

// The test of PostgreSQL's module.
func TestPayload(t *testing.T) {
	e := rmgrtest.NewEngine(testrmgr.Module)
	if _, err := e.Call("test_custom_rmgrs_insert_wal_record", "payload123"); err != nil {
		t.Fatal(err)
	}
	m, rec := testrmgr.Module.Managers[0].Manager, e.Log[0].Record
	var out bytes.Buffer
	m.(rmgr.Describer).Describe(&out, &rec)
	if got, want := m.Name()+" "+m.Identify(rec.Info)+" "+out.String(), "test_custom_rmgrs TEST_CUSTOM_RMGRS_MESSAGE payload (10 bytes): payload123"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := hex.EncodeToString(rec.Main), "0a000000000000007061796c6f6164313233"; got != want {
		t.Errorf("main data\ngot  %s\nwant %s", got, want)
	}
}

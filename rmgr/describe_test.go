package rmgr_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/rmgr/logicalmsg"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/rmgr/signal"
	"github.com/redoubt-wal/redoubt/rmgr/testrmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// What redo would refuse for the record's bytes alone is not described as if it were sound: who reads
// waldump's output would look for the fault elsewhere.
func TestBadRecordsAreDescribedAsBad(t *testing.T) {
	kv13, kv12, accounts := kv.Module.Managers[0].Manager, kv.Module12.Managers[0].Manager, ledger.Module.Managers[0].Manager
	signals, test := signal.Module.Managers[0].Manager, testrmgr.Module.Managers[0].Manager
	for _, tc := range []struct {
		why     string
		manager rmgr.Manager
		info    uint8
		main    string // hex
		want    string
	}{
		{"kv INSERT of nothing", kv13, 0x10, "", "malformed (0 bytes)"},
		{"kv INSERT of a format only", kv13, 0x10, "02", "malformed (1 bytes)"},
		{"kv INSERT whose key is cut off", kv13, 0x10, "02026b", "malformed (3 bytes)"},
		{"kv INSERT of an empty key, which is a key", kv13, 0x10, "0200", `key "", value (0 bytes); format 2`},
		{"kv INSERT in format 1 without its lengths", kv13, 0x10, "010000", "malformed (3 bytes)"},
		{"kv INSERT in format 0", kv13, 0x10, "0000000000000000", "format 0, which version 1.3.0 does not know (8 bytes)"},
		{"kv INSERT in a later format", kv12, 0x10, "0200", "format 2, which version 1.2.0 does not know (2 bytes)"},
		{"kv UPDATE without its old value", kv13, 0x20, "02016b", "malformed (3 bytes)"},
		{"kv INIT of nothing", kv13, 0x00, "", "malformed (0 bytes)"},
		{"kv INIT with something behind it", kv13, 0x00, "0200", "malformed (2 bytes)"},
		{"kv SPLIT in a later format", kv13, 0x40, "0900010000000000010000000200000003000000" + "6b", "format 9, which version 1.3.0 does not know (21 bytes)"},
		{"kv MERGE in format 1, which has none", kv13, 0x50, "010000000100" + "010000000200000003000000" + "00000000", "malformed (22 bytes)"},
		{"kv CHAIN in format 1, which has none", kv13, 0x70, "0100" + "0000" + "01000000" + "00000000" + "00000000" + "00000000", "malformed (20 bytes)"},
		{"an operation that kv has not", kv13, 0xF0, "0200", "malformed (2 bytes)"},
		{"ledger INIT of nothing", accounts, 0x00, "", "malformed (0 bytes)"},
		{"ledger INIT with something behind it", accounts, 0x00, "0100", "malformed (2 bytes)"},
		{"ledger INIT in a later format", accounts, 0x00, "02", "format 2, which version 1.0.3 does not know (1 bytes)"},
		{"ledger OPEN in a later format", accounts, 0x10, "02016400000000000000" + "61", "format 2, which version 1.0.3 does not know (11 bytes)"},
		{"ledger OPEN one byte short", accounts, 0x10, "01016400000000000000", "malformed (10 bytes)"},
		{"an operation that ledger has not", accounts, 0x50, "0101", "malformed (2 bytes)"},
		{"signal without its reason", signals, 0x00, "0100000000000000" + "0100000000000000", "malformed (16 bytes)"},
		{"an operation that signal has not", signals, 0x10, "0100000000000000" + "0100000000000000" + "00", "malformed (17 bytes)"},
		{"testrmgr one byte short", test, 0x00, "0200000000000000" + "61", "malformed (9 bytes)"},
		{"an operation that testrmgr has not", test, 0x10, "0000000000000000", "malformed (8 bytes)"},
		{"a logical message cut off", logicalmsg.Manager{}, 0x00, "0500000000000000", "malformed (8 bytes)"},
		{"MODULES of another operation", modules.ResourceManager{}, 0x10, "", "unreadable (0 bytes)"},
	} {
		main, err := hex.DecodeString(tc.main)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		tc.manager.(rmgr.Describer).Describe(&got, &wal.Record{Info: tc.info, Main: main})
		if got.String() != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.why, &got, tc.want)
		}
	}
}

package recovery_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/node/storage"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func TestApplyingARecordDoesNotAllocate(t *testing.T) {
	for name, m := range map[string]rmgr.Manager{"a manager that keeps": keepingStamp{}, "any other": stamp{}} {
		t.Run(name, func(t *testing.T) {
			a, _ := applier(t, m)
			if err := a.Apply(stampRecord(1000, "first", wal.BlockRef{Block: 0, WillInit: true}, wal.BlockRef{Block: 70, WillInit: true}), 1); err != nil {
				t.Fatal(err)
			}
			rec := stampRecord(2000, "next", wal.BlockRef{Block: 0}, wal.BlockRef{Block: 70})
			allocs := testing.AllocsPerRun(1000, func() {
				rec.LSN, rec.End = rec.End, rec.End+64
				if err := a.Apply(rec, 1); err != nil {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("%v allocations per record", allocs)
			}
		})
	}
}

// A record that makes a page anew, on a start that has not read the page yet, fails: the page that is on
// disk must not be lost.
func TestAFailedRecordLeavesThePageOnDisk(t *testing.T) {
	store := storage.Open(vfs.NewMem(), "/data")
	table := rmgr.NewTable()
	broken := false
	m := stamp{end: func() error {
		if broken {
			return errors.New("no")
		}
		return nil
	}}
	if err := table.Register(stampID, m); err != nil {
		t.Fatal(err)
	}
	first := buffer.NewPool(buffer.Options{Store: store})
	a := &recovery.Applier{Table: table, Pool: first}
	if err := a.Apply(stampRecord(1000, "first", wal.BlockRef{Block: 0, WillInit: true}), 1); err != nil {
		t.Fatal(err)
	}
	a.Release()
	if err := first.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := contents(t, first, 0)

	second := buffer.NewPool(buffer.Options{Store: store})
	a = &recovery.Applier{Table: table, Pool: second}
	defer a.Release()
	broken = true
	if err := a.Apply(stampRecord(2000, "second", wal.BlockRef{Block: 0, WillInit: true}), 1); err == nil {
		t.Fatal("it was applied")
	}
	if got := contents(t, second, 0); !bytes.Equal(got[page.HeaderSize:], want[page.HeaderSize:]) || !bytes.Equal(got[:8], want[:8]) {
		t.Error("the page is not as it was") // the checksum differs: only a page on disk has one
	}
}

package basebackup_test

import (
	"errors"
	"path"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A copy that broke off is of no use, and may be what has filled the disk.
func TestAFetchThatFailsLeavesNothing(t *testing.T) {
	p := newPrimary(t)
	p.fill(0, 2000)
	dir := newDir(t)
	full := vfs.NewFault(vfs.OS(), &vfs.Rule{Op: vfs.OpWrite, Path: "12510?", Err: syscall.ENOSPC})
	if _, err := fetch(t, p, full, dir, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	left, err := vfs.OS().ReadDir(path.Dir(dir))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

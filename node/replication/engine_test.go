package replication_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	. "github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A standby whose log could not be opened to receive, for want of a file descriptor say, tries again at
// the next connection. That the log ends in the right place does not mean that it is open.
func TestALogThatCouldNotBeOpenedToReceiveIsOpenedAtTheNextConnection(t *testing.T) {
	f := vfs.NewFault(vfs.NewMem())
	table := rmgr.NewTable()
	err := engine.Init(f, "data", engine.InitOptions{SegmentSize: mib, SystemID: system, Now: time.Unix(0, 0), Table: table})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(context.Background(), engine.Options{Dir: "data", FS: f, Now: func() time.Time { return time.Unix(0, 0) }, Table: table})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Abort()
	r := ReceivedBy(e)
	f.Add(&vfs.Rule{Op: vfs.OpReadDir, Times: 1, Err: syscall.EIO})
	if err := e.Log().StartReceive(r.End(), 1); err == nil { // as Follow does
		t.Fatal("the log was opened without its directory")
	}
	if err := r.Begin(r.End(), 1); err != nil {
		t.Fatal(err)
	}
	if err := r.Receive(r.End(), 1, make([]byte, 8)); err != nil {
		t.Error(err)
	}
}

package builtin

import (
	"context"
	"math"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Node tells what the functions and views show. Callbacks come from many goroutines.
type Node struct {
	Version   func() string // "PostgreSQL 15.18 (Redoubt 0.1.0) on linux/amd64"
	Now       func() time.Time
	StartTime func() time.Time // of the process
	LoadTime  func() time.Time // when settings were read last

	InRecovery  func() bool
	Timeline    func() wal.TimelineID
	SegmentSize func() int

	// Positions of a primary's log.
	InsertLSN, WriteLSN, FlushLSN func() wal.LSN
	// Positions of a standby's; 0 is NULL.
	ReceiveLSN, ReplayLSN func() wal.LSN
	ReplayTime            func() time.Time // commit time of the last transaction replayed; zero is NULL

	// RestorePoint names the end of the log; it returns the end of the record that does.
	RestorePoint func(ctx context.Context, name string) (wal.LSN, error)
	Paused       func() bool // replay waits for what it cannot go on without

	Control func() (Control, error)
	Files   Files

	// SwitchWAL ends the segment and returns the end of the log before the switch, and of the
	// record that did it.
	SwitchWAL func(ctx context.Context) (wal.LSN, error)

	Reload  func() error
	Promote func(ctx context.Context, wait bool, seconds int64) error

	Cancel      func(pid int32) bool
	Terminate   func(pid int32) bool
	Activity    func() []sql.Activity
	Settings    func() []catalog.Setting
	Functions   func() []*rmgr.Function
	Views       func() []*catalog.View
	Extensions  func() []Extension // in force for the life of the process
	SettingRows func() []SettingRow

	Managers        func() []Manager
	Modules         func() []Module
	Census          func(ctx context.Context) ([]CensusLine, error)
	Replicas        func() []Replica
	Slots           func() []Slot
	WAL             func() WAL
	CheckpointStats func() CheckpointStats
	Receiver        func() (Receiver, bool) // false: no stream

	Slot SlotFunctions
}

// SlotFunctions are what the slot functions do, for session pid.
type SlotFunctions interface {
	CreatePhysicalSlot(pid int32, name string, reserve, temporary bool) (wal.LSN, error) // 0: it reserves nothing
	CreateLogicalSlot(ctx context.Context, pid int32, name, plugin string, temporary bool) (wal.LSN, error)
	DropSlot(pid int32, name string) error
	AdvanceSlot(ctx context.Context, pid int32, name string, upTo wal.LSN) (wal.LSN, error)
	ReadSlot(ctx context.Context, pid int32, r SlotRead, row func(lsn wal.LSN, xid uint32, data []byte) error) error
}

// A SlotRead is a call of pg_logical_slot_get_changes or one of its siblings.
type SlotRead struct {
	Slot    string
	UpTo    wal.LSN  // 0: all there is
	Rows    int      // 0: no limit
	Options []string // names and values in turn
	Peek    bool
}

// A Manager is a row of pg_get_wal_resource_managers.
type Manager struct {
	ID      wal.RmgrID
	Name    string
	BuiltIn bool
}

// A Module is a row of redoubt_modules: one manager of a module that is loaded, or that the build
// offers.
type Module struct {
	Name      string
	Version   string
	Loaded    bool
	Retiring  bool
	Rmgr      wal.RmgrID
	RmgrName  string
	Format    rmgr.Format // in force; 0 is NULL
	Writes    rmgr.FormatRange
	Replays   rmgr.FormatRange
	NoManager bool // the module has none: the rmgr columns are NULL
}

// A CensusLine is a row of redoubt_wal_census: the records of one manager in one format that one
// holder keeps. For a holder of which nothing is known, Reason says why and the rest is empty.
type CensusLine struct {
	Holder, Name string // "pg_wal", "slot", "archive", "backup"; the slot's or backup's name
	From, To     wal.LSN
	Rmgr         wal.RmgrID
	RmgrName     string
	Module       string
	Format       rmgr.Format
	Count        int64
	First, Last  wal.LSN
	Reason       string
}

// A Replica is a row of pg_stat_replication.
type Replica struct {
	PID                           int32
	User, ApplicationName         string
	ClientAddr                    string
	ClientPort                    int
	Start                         time.Time
	State                         string // startup, catchup, streaming, backup, stopping
	Sent, Write, Flush, Replay    wal.LSN
	WriteLag, FlushLag, ReplayLag time.Duration // -1 is NULL
	Priority                      int
	SyncState                     string // async, potential, sync, quorum
	ReplyTime                     time.Time
}

// A Slot is a row of pg_replication_slots.
type Slot struct {
	Name, Plugin, Type, Database string
	Temporary, Active            bool
	ActivePID                    int32
	Restart, ConfirmedFlush      wal.LSN
	WALStatus                    string
	SafeWALSize                  int64 // NoLimit is NULL
}

// NoLimit is the SafeWALSize of a slot that is never given up.
const NoLimit = math.MinInt64

// A Receiver is the row of pg_stat_wal_receiver.
type Receiver struct {
	PID                        int32
	Status                     string
	StartLSN                   wal.LSN
	StartTimeline              wal.TimelineID
	Written, Flushed           wal.LSN
	Timeline                   wal.TimelineID
	LastSend, LastReceipt      time.Time
	LatestEnd                  wal.LSN
	LatestEndTime              time.Time
	Slot, SenderHost, Conninfo string
	SenderPort                 int
}

// Register adds everything that n has callbacks for.
func Register(r *catalog.Registry, n Node) error {
	var functions []rmgr.Function
	for _, list := range [][]rmgr.Function{
		sessionFunctions(n), textFunctions(), walFunctions(n), adminFunctions(n), controlFunctions(n), fileFunctions(n), catalogFunctions(n),
	} {
		functions = append(functions, list...)
	}
	if err := r.AddFunctions(functions...); err != nil {
		return err
	}
	return r.AddViews(views(n)...)
}

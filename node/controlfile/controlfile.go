package controlfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// State is what the node was doing when the file was written. On disk: never renumber.
type State int32

const (
	StartingUp         State = 0
	ShutDown           State = 1
	ShutDownInRecovery State = 2
	ShuttingDown       State = 3
	InCrashRecovery    State = 4
	InArchiveRecovery  State = 5
	InProduction       State = 6
)

func (s State) String() string {
	names := [...]string{
		"starting up", "shut down", "shut down in recovery", "shutting down",
		"in crash recovery", "in archive recovery", "in production",
	}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("unrecognized status code %d", int32(s))
	}
	return names[s]
}

// Wal levels. On disk: never renumber.
const (
	WALLevelMinimal = 0
	WALLevelReplica = 1
	WALLevelLogical = 2
)

// On disk: never renumber.
const (
	Size           = 8192 // of the file
	used           = 296
	crcAt          = 288
	Version        = 1300
	CatalogVersion = 202209061
)

// ErrCorrupt says that pg_control is not what it should be. Nothing can start from it.
var ErrCorrupt = errors.New("pg_control is damaged")

// A File is the contents of pg_control.
type File struct {
	SystemID       uint64
	State          State
	Time           time.Time
	CheckPoint     wal.LSN // of the last checkpoint record
	CheckPointCopy wal.Checkpoint
	UnloggedLSN    wal.LSN

	// MinRecoveryPoint is how far replay must get before the pages agree with each other: pages
	// with changes up to here may have been written. 0 on a primary.
	MinRecoveryPoint    wal.LSN
	MinRecoveryTimeline wal.TimelineID

	BackupStart       wal.LSN // started from a base backup whose end was not replayed yet
	BackupEnd         wal.LSN // of a backup from a standby
	BackupEndRequired bool    // a BACKUP_END record for BackupStart must come

	WALLevel            int32
	WALLogHints         bool
	MaxConnections      int32
	MaxWorkerProcesses  int32
	MaxWALSenders       int32
	MaxPreparedXacts    int32
	MaxLocksPerXact     int32
	TrackCommitTS       bool
	SegmentSize         uint32
	DataChecksumVersion uint32
	Nonce               [32]byte
}

// Encode makes the 8 KiB of the file.
func (f *File) Encode() []byte {
	b := make([]byte, Size)
	le := binary.LittleEndian
	u32 := func(at int, v uint32) { le.PutUint32(b[at:], v) }
	u64 := func(at int, v uint64) { le.PutUint64(b[at:], v) }

	u64(0, f.SystemID)
	u32(8, Version)
	u32(12, CatalogVersion)
	u32(16, uint32(f.State))
	u64(24, uint64(f.Time.Unix()))
	u64(32, uint64(f.CheckPoint))
	copy(b[40:], f.CheckPointCopy.Append(nil))
	u64(128, uint64(f.UnloggedLSN))
	u64(136, uint64(f.MinRecoveryPoint))
	u32(144, uint32(f.MinRecoveryTimeline))
	u64(152, uint64(f.BackupStart))
	u64(160, uint64(f.BackupEnd))
	b[168] = flag(f.BackupEndRequired)
	u32(172, uint32(f.WALLevel))
	b[176] = flag(f.WALLogHints)
	u32(180, uint32(f.MaxConnections))
	u32(184, uint32(f.MaxWorkerProcesses))
	u32(188, uint32(f.MaxWALSenders))
	u32(192, uint32(f.MaxPreparedXacts))
	u32(196, uint32(f.MaxLocksPerXact))
	b[200] = flag(f.TrackCommitTS)
	for _, c := range layout {
		u32(c.at, c.value)
	}
	u64(208, math.Float64bits(1234567.0))
	u32(228, f.SegmentSize)
	b[248] = 1 // float8 is passed by value
	u32(252, f.DataChecksumVersion)
	copy(b[256:], f.Nonce[:])
	u32(crcAt, checksum(b))
	return b
}

// layout holds the constants of the build that the file records.
var layout = []struct {
	at    int
	value uint32
	name  string
}{
	{204, 8, "maximum alignment"},
	{216, 8192, "block size"},
	{220, 131072, "blocks per relation segment"},
	{224, 8192, "log page size"},
	{232, 64, "name length"},
	{236, 32, "index columns"},
	{240, 1996, "TOAST chunk size"},
	{244, 2048, "large-object chunk size"},
}

// Decode reads the file's bytes. Every error wraps ErrCorrupt.
func Decode(b []byte) (*File, error) {
	if len(b) < used {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrCorrupt, len(b), Size)
	}
	le := binary.LittleEndian
	u32 := func(at int) uint32 { return le.Uint32(b[at:]) }
	u64 := func(at int) uint64 { return le.Uint64(b[at:]) }

	if u32(8) != Version {
		return nil, fmt.Errorf("%w: version %d, want %d: the data directory is of another PostgreSQL format", ErrCorrupt, u32(8), Version)
	}
	if got := checksum(b); got != u32(crcAt) {
		return nil, fmt.Errorf("%w: checksum %08X, computed %08X", ErrCorrupt, u32(crcAt), got)
	}
	if u32(12) != CatalogVersion {
		return nil, fmt.Errorf("%w: catalog version %d, want %d", ErrCorrupt, u32(12), CatalogVersion)
	}
	for _, c := range layout {
		if u32(c.at) != c.value {
			return nil, fmt.Errorf("%w: %s %d, want %d", ErrCorrupt, c.name, u32(c.at), c.value)
		}
	}
	point, err := wal.DecodeCheckpoint(b[40:])
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	f := &File{
		SystemID: u64(0), State: State(int32(u32(16))), Time: time.Unix(int64(u64(24)), 0).UTC(),
		CheckPoint: wal.LSN(u64(32)), CheckPointCopy: point, UnloggedLSN: wal.LSN(u64(128)),
		MinRecoveryPoint: wal.LSN(u64(136)), MinRecoveryTimeline: wal.TimelineID(u32(144)),
		BackupStart: wal.LSN(u64(152)), BackupEnd: wal.LSN(u64(160)), BackupEndRequired: b[168] != 0,
		WALLevel: int32(u32(172)), WALLogHints: b[176] != 0,
		MaxConnections: int32(u32(180)), MaxWorkerProcesses: int32(u32(184)), MaxWALSenders: int32(u32(188)),
		MaxPreparedXacts: int32(u32(192)), MaxLocksPerXact: int32(u32(196)), TrackCommitTS: b[200] != 0,
		SegmentSize: u32(228), DataChecksumVersion: u32(252),
	}
	copy(f.Nonce[:], b[256:])
	return f, nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b[:crcAt], castagnoli) }

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

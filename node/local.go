package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"runtime"
	"slices"
	"sync"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/basebackup"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/decoding"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// local is a data directory in use and everything that ends with it: a clone or a fenced primary's
// return closes it and opens another.
type local struct {
	engine *engine.Engine
	slots  *replslot.Slots
	sync   *replication.SyncRep
	server *replication.Server

	streams context.Context // ends when the directory is given up; so do the streams from it
	end     context.CancelCauseFunc
	once    sync.Once
}

// isEmpty reports whether there is no data directory yet.
func (n *Node) isEmpty() (bool, error) {
	entries, err := n.opts.FS.ReadDir(n.opts.Dir)
	if err != nil {
		if ok, statErr := vfs.Exists(n.opts.FS, n.opts.Dir); statErr == nil && !ok {
			return true, nil
		}
		return false, fmt.Errorf("read data directory: %w", err)
	}
	return !slices.ContainsFunc(entries, func(e dirEntry) bool { return e.Name() != "lost+found" }), nil
}

// openLocal takes the data directory into use: recovery runs before it returns.
func (n *Node) openLocal(ctx context.Context) (*local, error) {
	n.change(func(s *state) { s.role, s.message, s.fork = api.RoleRecovering, "replaying its own log", 0 })
	l := &local{sync: replication.NewSyncRep()}
	slots, err := replslot.Open(replslot.Options{
		FS: n.opts.FS, Dir: path.Join(n.opts.Dir, "pg_replslot"), Max: atMost(n.settings.Int("max_replication_slots")),
	})
	if err != nil {
		return nil, err
	}
	l.slots = slots
	s := n.settings
	l.engine, err = engine.Open(ctx, engine.Options{
		Dir: n.opts.Dir, FS: n.opts.FS, Now: n.opts.Now, Log: n.log, Table: n.table, Signal: n.opts.Signal,
		Retain: func(kept wal.LSN) wal.LSN { return n.retain(l, kept) },
		Slots:  func() []api.Holder { return slotHolders(slots) },

		SharedBuffers:       int(s.Int("shared_buffers")),
		RedoWorkers:         RedoWorkers(s),
		FullPageWrites:      s.Bool("full_page_writes"),
		WALCompression:      s.String("wal_compression"),
		MaxWALSize:          s.Bytes("max_wal_size"),
		MinWALSize:          s.Bytes("min_wal_size"),
		WALKeepSize:         s.Bytes("wal_keep_size"),
		NoWALRecycle:        !s.Bool("wal_recycle"),
		NoWALInitZero:       !s.Bool("wal_init_zero"),
		CheckpointTimeout:   s.Duration("checkpoint_timeout"),
		CheckpointTarget:    s.Real("checkpoint_completion_target"),
		CheckpointLevel:     checkpointLevel(s.Bool("log_checkpoints")),
		ConsistencyChecking: config.SplitList(s.String("wal_consistency_checking")),
	})
	if err != nil {
		return nil, err
	}
	backups := &basebackup.Server{Engine: l.engine, Now: n.opts.Now}
	l.server = replication.NewServer(replication.Options{
		SystemID: l.engine.SystemID(), SegmentSize: uint64(l.engine.SegmentSize()),
		Log: replication.LogOf(l.engine), Slots: slots, Sync: l.sync, Now: n.opts.Now, Logger: n.log,
		Timeout:    func() time.Duration { return s.Duration("wal_sender_timeout") },
		MaxSenders: int(s.Int("max_wal_senders")), BaseBackup: backups.Serve,
		Logical: decoding.Handler{Engine: l.engine, Table: n.table},
	})
	l.streams, l.end = context.WithCancelCause(n.run)
	err = s.Set("wal_segment_size", fmt.Sprint(l.engine.SegmentSize()))
	return l, err
}

// RedoWorkers is how many workers replay the log at a start: max_redo_workers, but no more than processors.
func RedoWorkers(s *config.Settings) int {
	return min(int(s.Int("max_redo_workers")), runtime.GOMAXPROCS(0))
}

func checkpointLevel(log bool) slog.Level {
	if log {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// atMost is a limit for packages to which 0 is no limit or the usual one: a setting of 0 is none.
func atMost(n int64) int {
	if n == 0 {
		return -1
	}
	return int(n)
}

// retain is the oldest log that slots need, after those that need more than
// max_slot_wal_keep_size were given up. What begins at kept is there anyway.
func (n *Node) retain(l *local, kept wal.LSN) wal.LSN {
	if err := l.slots.Save(); err != nil {
		n.log.Error("could not save replication slots", "error", err)
		return l.slots.Oldest()
	}
	if l.engine == nil {
		return l.slots.Oldest()
	}
	limits := replslot.Limits{Now: l.engine.Positions().Insert, Keep: n.settings.Bytes("max_slot_wal_keep_size")}
	lost, err := l.slots.GiveUp(limits.GiveUp(kept, l.engine.SegmentSize()))
	if len(lost) > 0 || err != nil {
		n.log.Warn("replication slots given up: they needed more than max_slot_wal_keep_size", "slots", lost, "error", err)
	}
	return l.slots.Oldest()
}

func slotHolders(slots *replslot.Slots) []api.Holder {
	var out []api.Holder
	for _, s := range slots.List() {
		if s.RestartLSN != 0 {
			out = append(out, api.Holder{Kind: api.HolderSlot, Name: s.Name, From: s.RestartLSN})
		}
	}
	return out
}

// close ends use of the directory with a shutdown checkpoint or restartpoint.
func (l *local) close(ctx context.Context) (err error) {
	l.once.Do(func() {
		l.giveUp()
		err = errors.Join(l.slots.Save(), l.engine.Close(ctx))
	})
	return err
}

// abort ends use of the directory at once: what is on the disk is what a crash would leave.
func (l *local) abort() {
	l.once.Do(func() {
		l.giveUp()
		l.engine.Abort()
	})
}

func (l *local) giveUp() {
	l.sync.Close(replication.ErrDeposed)
	l.end(&rmgr.Error{Code: "57P01", Message: "terminating connection: the node gives up its data directory"})
}

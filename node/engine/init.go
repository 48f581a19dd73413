package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Files of a data directory. On disk: never rename.
const (
	versionName    = "PG_VERSION"
	unfinishedName = "redoubt.init" // there from the first to the last step of Init
	walDir         = "pg_wal"
	statusDir      = "pg_wal/archive_status"
)

// directories are those that PostgreSQL's tools expect, parents first.
var directories = []string{
	"base", "base/5", "global", "pg_commit_ts", "pg_dynshmem", "pg_logical", "pg_multixact", "pg_notify",
	"pg_replslot", "pg_serial", "pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans", "pg_tblspc",
	"pg_twophase", walDir, statusDir, "pg_xact",
}

// ErrNotEmpty says that a directory holds something, so that Init left it alone.
var ErrNotEmpty = errors.New("directory is not empty")

// Init makes dir a new cluster's data directory, durably: its log begins with a shutdown checkpoint on
// timeline 1 and the MODULES record. It leaves a directory alone that is not empty (ErrNotEmpty),
// except for what an Init that was interrupted left there.
func Init(fsys vfs.FS, dir string, o InitOptions) error {
	if o.SegmentSize == 0 {
		o.SegmentSize = wal.DefaultSegmentSize
	}
	if o.SystemID == 0 {
		o.SystemID = systemID(o.Now, o.Nonce)
	}
	if !wal.ValidSegmentSize(uint64(o.SegmentSize)) {
		return fmt.Errorf("init: segment size %d: want a power of two from 1 MiB to 1 GiB", o.SegmentSize)
	}
	if err := clearUnfinished(fsys, dir); err != nil {
		return fmt.Errorf("init %s: %w", dir, err)
	}
	for _, step := range []func(vfs.FS, string, InitOptions) error{makeDirectories, beginLog, finishInit} {
		if err := step(fsys, dir, o); err != nil {
			return fmt.Errorf("init %s: %w", dir, err)
		}
	}
	return nil
}

// errInterrupted is what everyone is told of a directory that Init has begun and not finished.
var errInterrupted = errors.New("initialization was interrupted: run init again")

// CheckFinished refuses a directory that Init has begun and not finished. It changes nothing.
func CheckFinished(fsys vfs.FS, dir string) error {
	unfinished, err := isUnfinished(fsys, dir)
	if err == nil && unfinished {
		err = errInterrupted
	}
	return err
}

// checkVersion refuses files of another version of PostgreSQL.
func checkVersion(fsys vfs.FS, dir string) error {
	b, err := vfs.ReadFile(fsys, path.Join(dir, versionName))
	if err != nil {
		return err
	}
	if got := strings.TrimSpace(string(b)); got != version {
		return fmt.Errorf("%s says %q: this node's files are those of PostgreSQL %s", path.Join(dir, versionName), got, version)
	}
	return nil
}

// version is PostgreSQL's, in PG_VERSION. On disk: never change.
const version = "15"

// systemID is PostgreSQL's convention, with the nonce for the process number.
func systemID(now time.Time, nonce [32]byte) uint64 {
	return uint64(now.Unix())<<32 | uint64(now.Nanosecond()/1000)<<12 | uint64(binary.LittleEndian.Uint16(nonce[:]))&0xFFF
}

// isUnfinished reports whether dir is what an interrupted Init has left, so that the next may take it.
func isUnfinished(fsys vfs.FS, dir string) (bool, error) {
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for _, e := range entries {
		if e.Name() == unfinishedName {
			return true, nil
		}
	}
	return len(entries) == 1 && entries[0].Name() == unfinishedName+".tmp", err
}

// clearUnfinished makes dir an empty directory with the mark of an Init that is under way.
func clearUnfinished(fsys vfs.FS, dir string) error {
	unfinished, err := isUnfinished(fsys, dir)
	if err != nil {
		return err
	}
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := fsys.ReadDir(dir)
	switch {
	case err != nil:
		return err
	case unfinished:
		if err := removeContents(fsys, dir, unfinishedName); err != nil {
			return err
		}
	case len(entries) > 0:
		return ErrNotEmpty
	}
	return vfs.WriteFile(fsys, path.Join(dir, unfinishedName), nil, 0o600)
}

// removeContents removes what a directory holds, except the entry keep.
func removeContents(fsys vfs.FS, dir, keep string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == keep {
			continue
		}
		name := path.Join(dir, e.Name())
		if e.IsDir() {
			if err := removeContents(fsys, name, ""); err != nil {
				return err
			}
		}
		if err := fsys.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

func makeDirectories(fsys vfs.FS, dir string, _ InitOptions) error {
	for _, d := range directories {
		if err := fsys.MkdirAll(path.Join(dir, d), 0o700); err != nil {
			return err
		}
	}
	for _, d := range append([]string{"..", ""}, directories...) {
		if err := fsys.SyncDir(path.Join(dir, d)); err != nil {
			return err
		}
	}
	return vfs.WriteFile(fsys, path.Join(dir, versionName), []byte(version+"\n"), 0o600)
}

// beginLog writes the first two records and the control file that points to them.
func beginLog(fsys vfs.FS, dir string, o InitOptions) error {
	log, err := segment.Open(segment.Options{
		FS: fsys, Dir: path.Join(dir, walDir), SegmentSize: o.SegmentSize, SystemID: o.SystemID,
		MinSize: int64(o.SegmentSize), BufferSize: 64 << 10,
	})
	if err != nil {
		return err
	}
	file, err := firstRecords(log, o)
	if err := errors.Join(err, log.Close()); err != nil {
		return err
	}
	return controlfile.Write(fsys, dir, file)
}

func firstRecords(log *segment.Log, o InitOptions) (*controlfile.File, error) {
	if err := log.StartInsert(wal.LSN(o.SegmentSize), 0, 1); err != nil {
		return nil, err
	}
	at := log.NextStart()
	point := firstCheckpoint(at, o.Now)
	var b wal.Builder
	b.Begin(wal.RmgrXLOG, wal.XLogCheckpointShutdown)
	b.AddMain(point.Append(nil))
	if err := insertPlain(log, &b); err != nil {
		return nil, err
	}
	rec, err := modulesRecord(modules.Initial(o.Table.Manifest()))
	if err != nil {
		return nil, err
	}
	if err := insertPlain(log, rec); err != nil {
		return nil, err
	}
	if err := log.Flush(log.InsertLSN()); err != nil {
		return nil, err
	}
	return &controlfile.File{
		SystemID: o.SystemID, State: controlfile.ShutDown, Time: o.Now,
		CheckPoint: at, CheckPointCopy: point, UnloggedLSN: 1000,
		WALLevel: controlfile.WALLevelLogical, MaxConnections: 100, MaxWorkerProcesses: 8, MaxWALSenders: 10,
		MaxLocksPerXact: 64, SegmentSize: o.SegmentSize, DataChecksumVersion: 1, Nonce: o.Nonce,
	}, nil
}

// firstCheckpoint begins a log with the counters that initdb uses.
func firstCheckpoint(redo wal.LSN, now time.Time) wal.Checkpoint {
	return wal.Checkpoint{
		Redo: redo, Timeline: 1, PrevTimeline: 1, FullPageWrites: true, NextXid: 3, NextOID: 10000,
		NextMulti: 1, OldestXid: 3, OldestXidDB: 1, OldestMulti: 1, OldestMultiDB: 1, Time: now.Unix(),
	}
}

func insertPlain(log *segment.Log, b *wal.Builder) error {
	if err := b.Finish(); err != nil {
		return err
	}
	_, _, err := log.Insert(b, 0)
	return err
}

// modulesRecord builds a MODULES record.
func modulesRecord(s modules.Snapshot) (*wal.Builder, error) {
	rec, err := modules.Record(s)
	if err != nil {
		return nil, err
	}
	var b wal.Builder
	b.Begin(rec.Rmgr, rec.Info)
	b.AddMain(rec.Main)
	return &b, b.Finish()
}

func finishInit(fsys vfs.FS, dir string, o InitOptions) error {
	for name, data := range o.Files {
		if err := vfs.WriteFile(fsys, path.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	if err := fsys.SyncDir(path.Join(dir, "global")); err != nil {
		return err
	}
	if err := fsys.Remove(path.Join(dir, unfinishedName)); err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

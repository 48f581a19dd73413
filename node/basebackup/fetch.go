package basebackup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// FetchOptions say what to copy, and to where.
type FetchOptions struct {
	Upstream replication.Upstream
	SystemID uint64         // refused if the upstream's differs; 0: any
	Promise  wal.TimelineID // refused if the upstream's own timeline is below; 0: any
	FS       vfs.FS
	Dir      string // must not exist or be empty; the copy grows in Dir+".tmp"
	Label    string // "": redoubt base backup
	Standby  bool   // leave a standby.signal

	// Slot, if not "", is made anew on the upstream and keeps the log from the copy's start on.
	Slot string

	// Progress, if not nil, is told the bytes copied and, roughly, to copy.
	Progress func(done, total int64)
}

// A Result says what was copied.
type Result struct {
	SystemID    uint64
	Timeline    wal.TimelineID
	Start, Stop wal.LSN // the log that makes the copy consistent; it is part of it
	Bytes       int64
}

// Fetch copies a running node's data directory with the log that it needs, verifies it against its
// manifest, makes it durable and moves it to Dir as the last step. After a failure or a crash Dir is
// as it was, and the next Fetch begins anew; a failure leaves nothing else behind either.
func Fetch(ctx context.Context, o FetchOptions) (Result, error) {
	if o.Label == "" {
		o.Label = "redoubt base backup"
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	r, err := fetch(ctx, o)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return Result{}, fmt.Errorf("copy data directory of %s: %w", o.Upstream.Addr, err)
	}
	return r, nil
}

func fetch(ctx context.Context, o FetchOptions) (_ Result, err error) {
	if err := mustBeEmpty(o.FS, o.Dir); err != nil {
		return Result{}, err
	}
	d := &directory{fs: o.FS, root: o.Dir + ".tmp"}
	if err := d.begin(); err != nil {
		return Result{}, err
	}
	defer func() {
		if err != nil { // it may be what fills the disk
			err = errors.Join(err, removeAll(o.FS, d.root))
		}
	}()
	// A second session keeps the log that the copy needs, until the copy is complete.
	keeper, err := replication.Connect(ctx, o.Upstream)
	if err != nil {
		return Result{}, err
	}
	defer keeper.Close()
	if err := keepLog(keeper, o.Slot); err != nil {
		return Result{}, err
	}
	c, err := replication.Connect(ctx, o.Upstream)
	if err != nil {
		return Result{}, err
	}
	defer c.Close()
	r, err := identify(c, o)
	if err != nil {
		return Result{}, err
	}
	segSize, err := segmentSize(c)
	if err != nil {
		return Result{}, err
	}
	m, err := copyFrom(ctx, c, o, d, &r)
	if err != nil {
		return Result{}, err
	}
	if err := m.verify(d.files, checksumAsked); err != nil {
		return Result{}, err
	}
	if err := d.hasLog(m.Ranges, r, segSize); err != nil {
		return Result{}, err
	}
	if o.Standby {
		if err := d.put("standby.signal", nil); err != nil {
			return Result{}, err
		}
	}
	return r, d.finish(o.Dir)
}

// mustBeEmpty refuses a directory that has something in it.
func mustBeEmpty(fsys vfs.FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("directory %q exists but is not empty", dir)
	default:
		return nil
	}
}

func identify(c *replication.Client, o FetchOptions) (Result, error) {
	id, err := c.Identify()
	switch {
	case err != nil:
		return Result{}, err
	case o.SystemID != 0 && id.SystemID != o.SystemID:
		return Result{}, fmt.Errorf("%w: its system identifier is %d, ours is %d", replication.ErrWrongSystem, id.SystemID, o.SystemID)
	case id.Timeline < o.Promise:
		return Result{}, fmt.Errorf("%w: it is on timeline %d, this node has promised to follow none below %d", replication.ErrFenced, id.Timeline, o.Promise)
	default:
		return Result{SystemID: id.SystemID}, nil
	}
}

// keepLog makes a slot for the time of the copy, and the one that the copy will stream from: anew,
// because one that is there may have advanced beyond where the copy begins.
func keepLog(c *replication.Client, slot string) error {
	temporary := fmt.Sprintf("redoubt_copy_%d", c.PID())
	if _, err := c.Query(fmt.Sprintf(`CREATE_REPLICATION_SLOT "%s" TEMPORARY PHYSICAL (RESERVE_WAL)`, temporary)); err != nil {
		return fmt.Errorf("make slot for the copy: %w", err)
	}
	if slot == "" {
		return nil
	}
	if err := replslot.ValidName(slot); err != nil {
		return err
	}
	var refusal *rmgr.Error
	if err := c.Command(fmt.Sprintf(`DROP_REPLICATION_SLOT "%s"`, slot)); err != nil && !(errors.As(err, &refusal) && refusal.Code == "42704") {
		return fmt.Errorf("drop former slot: %w", err)
	}
	if _, err := c.Query(fmt.Sprintf(`CREATE_REPLICATION_SLOT "%s" PHYSICAL (RESERVE_WAL)`, slot)); err != nil {
		return fmt.Errorf("make slot: %w", err)
	}
	return nil
}

// segmentSize asks for the size of a log segment; the answer is like "16MB".
func segmentSize(c *replication.Client) (uint64, error) {
	rows, err := c.Query("SHOW wal_segment_size")
	if err != nil {
		return 0, err
	}
	if len(rows) == 1 && len(rows[0]) == 1 {
		text := string(rows[0][0])
		for unit, factor := range map[string]uint64{"MB": 1 << 20, "GB": 1 << 30} {
			number, ok := strings.CutSuffix(text, unit)
			n, err := strconv.ParseUint(number, 10, 32)
			if ok && err == nil && wal.ValidSegmentSize(n*factor) {
				return n * factor, nil
			}
		}
	}
	return 0, fmt.Errorf("the server's wal_segment_size %q is not understood", rows)
}

// hasLog checks that the log that makes the copy consistent is there, and takes the result from it.
func (d *directory) hasLog(ranges []walRange, r Result, segSize uint64) error {
	if len(ranges) == 0 || ranges[0].Start != r.Start || ranges[len(ranges)-1].End != r.Stop {
		return fmt.Errorf("%w: its ranges of log %v are not from %s to %s", errManifest, ranges, r.Start, r.Stop)
	}
	for n := wal.SegmentNumber(r.Start, segSize); n <= wal.SegmentNumberOfEnd(r.Stop, segSize); n++ {
		found := false
		for _, share := range ranges {
			name := path.Join("pg_wal", wal.SegmentName(share.Timeline, wal.SegmentStart(n, segSize), segSize))
			found = found || d.files[name].size == int64(segSize)
		}
		if !found {
			return fmt.Errorf("log segment at %s did not come with the copy", wal.SegmentStart(n, segSize))
		}
	}
	return nil
}

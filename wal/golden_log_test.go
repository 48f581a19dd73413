package wal_test

import (
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/test/golden"
	"github.com/redoubt-wal/redoubt/wal"
)

// What real servers wrote is read to its end, record by record as the servers themselves see it.
// The reader checks every checksum on the way.
func TestGoldenLogsAreReadToTheirEnd(t *testing.T) {
	golden.Each(t, func(t *testing.T, l *golden.Log) {
		r, said := l.Reader(t), l.Records(t)
		for i, want := range said {
			rec, err := r.Next()
			if err != nil {
				t.Fatalf("record %d of %d at %s: %v", i, len(said), want.Start, err)
			}
			images := 0
			for j := range rec.Blocks {
				images += len(rec.Blocks[j].Image)
			}
			got := golden.Record{
				Start: rec.LSN, End: rec.End, Prev: rec.Prev, Xid: rec.Xid, Manager: rmgr.BuiltinName(rec.Rmgr), Type: want.Type,
				Length: int(rec.Total), Main: len(rec.Main), Images: images, Description: want.Description, References: want.References,
			}
			if got != want {
				t.Fatalf("record %d\nis   %+v\nwant %+v", i, got, want)
			}
		}
		// What came after the server was asked: a shutdown checkpoint, and then nothing.
		var last wal.Record
		for {
			rec, err := r.Next()
			if err != nil {
				if !errors.Is(err, wal.ErrTornTail) {
					t.Errorf("the log ends with %v", err)
				}
				break
			}
			last = *rec
		}
		if last.Rmgr != wal.RmgrXLOG || last.Op() != wal.XLogCheckpointShutdown {
			t.Errorf("the last record is %+v, want a shutdown checkpoint", last)
		}
		if r.Magic() != golden.Magics[l.Major] || r.Timeline() != 2 {
			t.Errorf("magic %04X, timeline %d", r.Magic(), r.Timeline())
		}
		if len(said) < 4000 {
			t.Errorf("only %d records", len(said))
		}
	})
}

func TestGoldenImagesAreRestored(t *testing.T) {
	golden.Each(t, func(t *testing.T, l *golden.Log) {
		methods := map[uint8]int{}
		page := make([]byte, wal.PageSize)
		eachGolden(t, l, func(rec *wal.Record) {
			for i := range rec.Blocks {
				b := &rec.Blocks[i]
				if !b.HasImage() {
					continue
				}
				if err := wal.RestoreImage(b, page); err != nil {
					t.Fatalf("%s: %v", rec.LSN, err)
				}
				// Every page that is not empty begins with the LSN of a change before this record.
				if lsn := wal.LSN(uint64(le32(page))<<32 | uint64(le32(page[4:]))); lsn >= rec.End || page[19] != 0x20 && lsn != 0 {
					t.Fatalf("%s: the image of block %d has LSN %s and page size %02X%02X", rec.LSN, i, lsn, page[19], page[18])
				}
				methods[b.ImageInfo&(wal.ImagePGLZ|wal.ImageLZ4|wal.ImageZstd)]++
				if !b.Apply() {
					methods[0xFF]++
				}
			}
		})
		for method, name := range map[uint8]string{0: "plain", wal.ImagePGLZ: "pglz", wal.ImageLZ4: "lz4", wal.ImageZstd: "zstd", 0xFF: "for verification"} {
			// The server of 16 was built without lz4 and zstd.
			if l.Major == 16 && (method == wal.ImageLZ4 || method == wal.ImageZstd) {
				continue
			}
			if methods[method] == 0 {
				t.Errorf("no image is %s", name)
			}
		}
	})
}

// Payloads differ between versions in length, not in what we take from them.
func TestGoldenPayloadsAreDecoded(t *testing.T) {
	golden.Each(t, func(t *testing.T, l *golden.Log) {
		var redo, overwritten wal.LSN // of the CHECKPOINT_REDO and OVERWRITE_CONTRECORD before
		seen := map[uint8]int{}
		eachGolden(t, l, func(rec *wal.Record) {
			if rec.Rmgr != wal.RmgrXLOG {
				return
			}
			seen[rec.Op()]++
			switch rec.Op() {
			case wal.XLogCheckpointRedo:
				redo = rec.LSN
				if len(rec.Main) != 4 || rec.Main[0] == 0 || rec.Main[0] > byte(wal.WALLogical) {
					t.Errorf("%s: CHECKPOINT_REDO % X", rec.LSN, rec.Main)
				}
			case wal.XLogCheckpointOnline, wal.XLogCheckpointShutdown:
				c, err := wal.DecodeCheckpoint(rec.Main)
				if err != nil || len(rec.Main) != wal.CheckpointSize || c.Timeline == 0 || c.NextXid < 3 || c.Redo > rec.LSN || c.OldestXidDB != 1 {
					t.Errorf("%s: checkpoint %+v of %d bytes, %v", rec.LSN, c, len(rec.Main), err)
				}
				if shutdown := rec.Op() == wal.XLogCheckpointShutdown; shutdown != (c.Redo == rec.LSN) || !shutdown && l.Major >= 17 && redo != 0 && c.Redo != redo {
					t.Errorf("%s: redo is %s, CHECKPOINT_REDO was at %s", rec.LSN, c.Redo, redo)
				}
			case wal.XLogEndOfRecovery:
				v, err := wal.DecodeEndOfRecovery(rec.Main)
				want := 16
				if l.Major >= 17 {
					want = 24
				}
				if err != nil || len(rec.Main) != want || v.Timeline != 2 || v.PrevTimeline != 1 || v.Time == 0 {
					t.Errorf("%s: END_OF_RECOVERY %+v of %d bytes, %v", rec.LSN, v, len(rec.Main), err)
				}
			case wal.XLogOverwriteContRecord:
				v, err := wal.DecodeOverwriteContRecord(rec.Main)
				if overwritten = v.Overwritten; err != nil || overwritten == 0 || overwritten >= rec.LSN || overwritten <= rec.Prev {
					t.Errorf("%s: OVERWRITE_CONTRECORD %+v after %s, %v", rec.LSN, v, rec.Prev, err)
				}
			case wal.XLogRestorePoint:
				if v, err := wal.DecodeRestorePoint(rec.Main); err != nil || v.Name != "golden point" {
					t.Errorf("%s: RESTORE_POINT %+v, %v", rec.LSN, v, err)
				}
			case wal.XLogParameterChange:
				if v, err := wal.DecodeParameterChange(rec.Main); err != nil || v.WALLevel != wal.WALLogical || v.MaxConnections != 100 || !v.TrackCommitTimestamp {
					t.Errorf("%s: PARAMETER_CHANGE %+v, %v", rec.LSN, v, err)
				}
			}
		})
		for _, op := range []uint8{wal.XLogCheckpointOnline, wal.XLogCheckpointShutdown, wal.XLogEndOfRecovery, wal.XLogOverwriteContRecord, wal.XLogSwitch, wal.XLogRestorePoint, wal.XLogParameterChange, wal.XLogFPWChange, wal.XLogFPI} {
			if seen[op] == 0 {
				t.Errorf("no record with operation %02X", op)
			}
		}
		if (seen[wal.XLogCheckpointRedo] > 0) != (l.Major >= 17) {
			t.Errorf("%d CHECKPOINT_REDO records", seen[wal.XLogCheckpointRedo])
		}
	})
}

func eachGolden(t *testing.T, l *golden.Log, fn func(*wal.Record)) {
	t.Helper()
	r := l.Reader(t)
	for {
		rec, err := r.Next()
		if errors.Is(err, wal.ErrTornTail) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		fn(rec)
	}
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

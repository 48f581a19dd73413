package recovery_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

const stampID wal.RmgrID = 200

var stampRel = rmgr.Rel(stampID, 0)

// A stamp writes the record's main data to the front of every page, and then ends as told.
type stamp struct{ end func() error }

func (stamp) Name() string          { return "stamp" }
func (stamp) Identify(uint8) string { return "STAMP" }

func (s stamp) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	for i := range rec.Blocks {
		p, action, err := ctx.Block(rec, rec.Blocks[i].ID)
		if err != nil {
			return err
		}
		if action != rmgr.NeedsRedo {
			continue
		}
		if page.IsNew(p) {
			page.Init(p, 0)
		}
		ctx.Keep(p[page.HeaderSize : page.HeaderSize+len(rec.Main)])
		copy(p[page.HeaderSize:], rec.Main)
	}
	if s.end != nil {
		return s.end()
	}
	return nil
}

// A keepingStamp promises that what it keeps is all that it changes.
type keepingStamp struct{ stamp }

func (keepingStamp) KeepsWhatItChanges() {}

func applier(t testing.TB, m rmgr.Manager) (*recovery.Applier, *buffer.Pool) {
	t.Helper()
	all, pool := sharing(t, m, 1)
	return all[0], pool
}

func stampRecord(at wal.LSN, main string, blocks ...wal.BlockRef) *wal.Record {
	for i := range blocks {
		blocks[i].ID, blocks[i].Rel = uint8(i), stampRel
	}
	return &wal.Record{LSN: at, End: at + 64, Rmgr: stampID, Main: []byte(main), Blocks: blocks}
}

func contents(t testing.TB, pool *buffer.Pool, block uint32) []byte {
	t.Helper()
	b, err := pool.Get(buffer.Tag{Rel: stampRel, Block: block})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	return bytes.Clone(b.Page())
}

func TestAFailedRecordLeavesNoTrace(t *testing.T) {
	image := make([]byte, page.Size)
	page.Init(image, 0)
	for name, makeManager := range map[string]func(stamp) rmgr.Manager{
		"a manager that keeps": func(s stamp) rmgr.Manager { return keepingStamp{s} },
		"any other":            func(s stamp) rmgr.Manager { return s },
	} {
		for how, end := range map[string]func() error{
			"an error": func() error { return errors.New("no") },
			"a panic":  func() error { panic("a bug") },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				var fail func() error
				a, pool := applier(t, makeManager(stamp{end: func() error {
					if fail == nil {
						return nil
					}
					return fail()
				}}))
				for block := range uint32(3) {
					if err := a.Apply(stampRecord(1000, "first", wal.BlockRef{Block: block, WillInit: true}), 1); err != nil {
						t.Fatal(err)
					}
				}
				var before [4][]byte
				for i := range uint32(3) {
					before[i] = contents(t, pool, i)
				}
				before[3] = make([]byte, page.Size)

				fail = end
				err := a.Apply(stampRecord(2000, "second",
					wal.BlockRef{Block: 0},
					wal.BlockRef{Block: 1, WillInit: true},
					wal.BlockRef{Block: 2, Image: image, ImageInfo: wal.ImageApply},
					wal.BlockRef{Block: 3, WillInit: true},
				), 1)
				var failed *recovery.RedoError
				if !errors.As(err, &failed) || failed.LSN != 2000 {
					t.Fatalf("got %v, want a RedoError at 0/7D0", err)
				}
				for i, want := range before {
					if !bytes.Equal(contents(t, pool, uint32(i)), want) {
						t.Errorf("block %d has changed", i)
					}
				}
			})
		}
	}
}

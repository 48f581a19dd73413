package walinspect

import (
	"strings"

	"github.com/redoubt-wal/redoubt/node/recordtext"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

var recordColumns = []rmgr.Column{
	startLSN, endLSN, {Name: "prev_lsn", Type: rmgr.PgLSN}, {Name: "xid", Type: datum.Xid},
	{Name: "resource_manager", Type: rmgr.Text}, {Name: "record_type", Type: rmgr.Text}, {Name: "record_length", Type: rmgr.Int4},
	{Name: "main_data_length", Type: rmgr.Int4}, {Name: "fpi_length", Type: rmgr.Int4}, {Name: "description", Type: rmgr.Text}, {Name: "block_ref", Type: rmgr.Text},
}

func recordRow(t *recordtext.Text, rec *wal.Record, row row) error {
	return row(rec.LSN, rec.End, rec.Prev, int64(rec.Xid), t.Manager(rec.Rmgr), t.Operation(rec.Rmgr, rec.Info),
		int64(rec.Total), int64(len(rec.Main)), int64(recordtext.Images(rec)), contents(t, rec), recordtext.Blocks(rec))
}

func contents(t *recordtext.Text, rec *wal.Record) string {
	var b strings.Builder
	t.Contents(&b, rec)
	return b.String()
}

var statColumns = []rmgr.Column{
	{Name: "resource_manager/record_type", Type: rmgr.Text}, {Name: "count", Type: rmgr.Int8}, {Name: "count_percentage", Type: rmgr.Float8},
	{Name: "record_size", Type: rmgr.Int8}, {Name: "record_size_percentage", Type: rmgr.Float8}, {Name: "fpi_size", Type: rmgr.Int8},
	{Name: "fpi_size_percentage", Type: rmgr.Float8}, {Name: "combined_size", Type: rmgr.Int8}, {Name: "combined_size_percentage", Type: rmgr.Float8},
}

func statRows(tally *recordtext.Tally, t *recordtext.Text, perRecord bool, row row) error {
	all := tally.Total
	for _, r := range tally.Rows(t, perRecord) {
		err := row(r.Name, int64(r.Records), percent(r.Records, all.Records), int64(r.Size), percent(r.Size, all.Size),
			int64(r.Images), percent(r.Images, all.Images), int64(r.Combined()), percent(r.Combined(), all.Combined()))
		if err != nil {
			return err
		}
	}
	return nil
}

func percent(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}

var blockColumns = []rmgr.Column{
	startLSN, endLSN, {Name: "prev_lsn", Type: rmgr.PgLSN}, {Name: "block_id", Type: datum.Int2},
	{Name: "reltablespace", Type: datum.Oid}, {Name: "reldatabase", Type: datum.Oid}, {Name: "relfilenode", Type: datum.Oid},
	{Name: "relforknumber", Type: datum.Int2}, {Name: "relblocknumber", Type: rmgr.Int8}, {Name: "xid", Type: datum.Xid},
	{Name: "resource_manager", Type: rmgr.Text}, {Name: "record_type", Type: rmgr.Text}, {Name: "record_length", Type: rmgr.Int4},
	{Name: "main_data_length", Type: rmgr.Int4}, {Name: "block_data_length", Type: rmgr.Int4}, {Name: "block_fpi_length", Type: rmgr.Int4},
	{Name: "block_fpi_info", Type: datum.TextArray}, {Name: "description", Type: rmgr.Text}, {Name: "block_data", Type: rmgr.Bytea}, {Name: "block_fpi_data", Type: rmgr.Bytea},
}

// blockRows shows a record block by block; data says whether with the bytes.
type blockRows struct{ data bool }

func (s blockRows) show(t *recordtext.Text, rec *wal.Record, row row) error {
	if len(rec.Blocks) == 0 {
		return nil
	}
	var description any
	if text := contents(t, rec); text != "" {
		description = text
	}
	for i := range rec.Blocks {
		b := &rec.Blocks[i]
		var data, image, info any
		if b.HasImage() {
			info = imageInfo(b)
		}
		if s.data && b.HasData {
			data = append([]byte{}, b.Data...)
		}
		if s.data && b.HasImage() {
			page := make([]byte, wal.PageSize)
			if err := wal.RestoreImage(b, page); err != nil {
				return failed("could not restore image at %s: %v", rec.LSN, err)
			}
			image = page
		}
		err := row(rec.LSN, rec.End, rec.Prev, int64(b.ID), int64(b.Rel.Spc), int64(b.Rel.DB), int64(b.Rel.Rel), int64(b.Fork), int64(b.Block), int64(rec.Xid),
			t.Manager(rec.Rmgr), t.Operation(rec.Rmgr, rec.Info), int64(rec.Total), int64(len(rec.Main)), int64(len(b.Data)), int64(len(b.Image)), info, description, data, image)
		if err != nil {
			return err
		}
	}
	return nil
}

// imageInfo names the bits of an image as an array of text reads.
func imageInfo(b *wal.BlockRef) string {
	var names []string
	for _, bit := range []struct {
		bit  uint8
		name string
	}{{wal.ImageHasHole, "HAS_HOLE"}, {wal.ImageApply, "APPLY"}, {wal.ImagePGLZ, "COMPRESS_PGLZ"}, {wal.ImageLZ4, "COMPRESS_LZ4"}, {wal.ImageZstd, "COMPRESS_ZSTD"}} {
		if b.ImageInfo&bit.bit != 0 {
			names = append(names, bit.name)
		}
	}
	return "{" + strings.Join(names, ",") + "}"
}

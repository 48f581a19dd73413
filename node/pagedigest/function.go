package pagedigest

import (
	"context"
	"encoding/hex"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// Function is redoubt_page_digests(): a row for each manager that has pages.
func Function(digests func(context.Context) ([]Digest, error)) rmgr.Function {
	return rmgr.Function{
		Name: "redoubt_page_digests", Set: true,
		Returns: []rmgr.Column{
			{Name: "rm_id", Type: rmgr.Int4}, {Name: "rm_name", Type: rmgr.Text}, {Name: "lsn", Type: rmgr.PgLSN},
			{Name: "pages", Type: rmgr.Int8}, {Name: "digest", Type: rmgr.Text},
		},
		Call: func(ctx context.Context, _ rmgr.Session, _ []any, row func(...any) error) error {
			all, err := digests(ctx)
			if err != nil {
				return err
			}
			for _, d := range all {
				if err := row(int64(d.ID), d.Name, d.LSN, d.Pages, hex.EncodeToString(d.Sum[:])); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

package builtin

import (
	"context"
	"io/fs"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// fileFunctions list directories of the log.
func fileFunctions(n Node) []rmgr.Function {
	if n.Files == nil {
		return nil
	}
	var list []rmgr.Function
	for name, dir := range map[string]string{"pg_ls_waldir": "pg_wal", "pg_ls_archive_statusdir": "pg_wal/archive_status"} {
		list = append(list, rmgr.Function{
			Name: name, Strict: true, Set: true, Returns: columns("name", rmgr.Text, "size", rmgr.Int8, "modification", rmgr.Timestamptz),
			Call: func(_ context.Context, _ rmgr.Session, _ []any, row func(...any) error) error {
				files, err := n.Files(dir)
				if err != nil {
					return failure("58P01", "could not open directory \"%s\": %v", dir, err)
				}
				for _, f := range files {
					if err := row(f.Name(), f.Size(), nullTime(f.ModTime().UTC())); err != nil {
						return err
					}
				}
				return nil
			},
		})
	}
	return list
}

// Files lists the plain files of a directory of the data directory.
type Files func(dir string) ([]fs.FileInfo, error)

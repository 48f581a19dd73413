package sql_test

import "github.com/redoubt-wal/redoubt/rmgr"

var types = []rmgr.Type{rmgr.Text, rmgr.Int8, rmgr.Int4, rmgr.Bool, rmgr.PgLSN, rmgr.Bytea, rmgr.Float8, rmgr.Timestamptz}

package builtin

import (
	"context"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// clusterViews are of what PostgreSQL has once for all databases, and of what has no columns or functions.
func (c systemCatalog) clusterViews() []catalog.View {
	return []catalog.View{
		catalogView("pg_database", "oid oid, datname name, datdba oid, encoding int4, datlocprovider char, datistemplate bool, datallowconn bool, "+
			"datconnlimit int4, datfrozenxid xid, datminmxid xid, dattablespace oid, datcollate text, datctype text, daticulocale text, "+
			"datcollversion text, datacl aclitem[]", func(ctx context.Context) []values {
			return []values{{
				"oid": database, "datname": identity(ctx).Database, "datdba": superuser, "encoding": encodingUTF8, "datlocprovider": "c", "datallowconn": true,
				"datconnlimit": int64(-1), "dattablespace": tablespace, "datcollate": "C", "datctype": "C",
			}}
		}),
		catalogView("pg_roles", "rolname name, rolsuper bool, rolinherit bool, rolcreaterole bool, rolcreatedb bool, rolcanlogin bool, "+
			"rolreplication bool, rolconnlimit int4, rolpassword text, rolvaliduntil timestamptz, rolbypassrls bool, rolconfig text[], oid oid",
			func(ctx context.Context) []values {
				return []values{{
					"rolname": identity(ctx).User, "rolsuper": true, "rolinherit": true, "rolcanlogin": true, "rolreplication": true,
					"rolconnlimit": int64(-1), "rolpassword": "********", "oid": superuser,
				}}
			}),
		catalogView("pg_tablespace", "oid oid, spcname name, spcowner oid, spcacl aclitem[], spcoptions text[]", func(context.Context) []values {
			return []values{
				{"oid": tablespace, "spcname": "pg_default", "spcowner": superuser},
				{"oid": global, "spcname": "pg_global", "spcowner": superuser},
			}
		}),
		catalogView("pg_auth_members", "roleid oid, member oid, grantor oid, admin_option bool", nil),
		catalogView("pg_namespace", "oid oid, nspname name, nspowner oid, nspacl aclitem[]", func(context.Context) []values {
			return []values{
				{"oid": inPgCatalog, "nspname": "pg_catalog", "nspowner": superuser},
				{"oid": inPublic, "nspname": "public", "nspowner": superuser},
			}
		}),
		catalogView("pg_extension", "oid oid, extname name, extowner oid, extnamespace oid, extrelocatable bool, extversion text, extconfig oid[], "+
			"extcondition text[]", func(context.Context) []values {
			var list []values
			for i, e := range c.extensions() {
				list = append(list, values{
					"oid": firstExtension + int64(i), "extname": e.Name, "extowner": superuser, "extnamespace": inPublic, "extversion": e.Version,
				})
			}
			return list
		}),
		catalogView("pg_description", "objoid oid, classoid oid, objsubid int4, description text", nil),
		catalogView("pg_am", "oid oid, amname name, amhandler regproc, amtype char", nil),
		catalogView("pg_collation", "oid oid, collname name, collnamespace oid, collowner oid, collprovider char, collisdeterministic bool, "+
			"collencoding int4, collcollate text, collctype text, colliculocale text, collversion text", nil),
	}
}

func clusterFunctions() []rmgr.Function {
	none := func(name string, args []rmgr.Column) rmgr.Function {
		return scalar(name, rmgr.Text, args, func(context.Context, []any) (any, error) { return nil, nil })
	}
	oid := rmgr.Column{Name: "oid", Type: rmgr.Int8}
	expression := none("pg_get_expr", []rmgr.Column{{Name: "expr", Type: rmgr.Text}, oid, {Name: "pretty", Type: rmgr.Bool}})
	expression.Defaults = []any{false}
	return []rmgr.Function{
		scalar("pg_get_userbyid", datum.Name, []rmgr.Column{oid}, func(ctx context.Context, args []any) (any, error) {
			if args[0].(int64) == superuser {
				return identity(ctx).User, nil
			}
			return "unknown (OID=" + number(args[0].(int64)) + ")", nil
		}),
		scalar("pg_encoding_to_char", datum.Name, columns("encoding", rmgr.Int4), func(_ context.Context, args []any) (any, error) {
			switch args[0].(int64) {
			case encodingUTF8:
				return "UTF8", nil
			case 0:
				return "SQL_ASCII", nil
			}
			return "", nil
		}),
		scalar("pg_tablespace_location", rmgr.Text, []rmgr.Column{oid}, func(_ context.Context, args []any) (any, error) {
			switch args[0].(int64) {
			case 0, tablespace, global:
				return "", nil // in the data directory
			}
			return nil, failure("58P01", "could not read symbolic link \"pg_tblspc/%d\": No such file or directory", args[0])
		}),
		scalar("array_to_string", rmgr.Text, columns("array", rmgr.Text, "delimiter", rmgr.Text), func(_ context.Context, args []any) (any, error) {
			list, ok := datum.SplitArray(args[0].(string))
			if !ok {
				return nil, failure("22P02", "malformed array literal: \"%s\"", args[0])
			}
			var parts []string
			for _, e := range list {
				if e != nil {
					parts = append(parts, *e)
				}
			}
			return strings.Join(parts, args[1].(string)), nil
		}),
		// There are no comments, and no expressions in the catalog.
		none("obj_description", []rmgr.Column{oid, {Name: "catalog", Type: rmgr.Text}}),
		none("shobj_description", []rmgr.Column{oid, {Name: "catalog", Type: rmgr.Text}}),
		none("col_description", []rmgr.Column{oid, {Name: "column", Type: rmgr.Int4}}),
		expression,
	}
}

// identity is who asks: every name is that of the one role, and of the one database.
func identity(ctx context.Context) sql.Identity {
	if s := sql.FromContext(ctx); s != nil {
		return s.Identity()
	}
	return sql.Identity{}
}

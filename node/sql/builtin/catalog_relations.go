package builtin

import (
	"context"
	"strconv"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

func (c systemCatalog) relationViews() []catalog.View {
	return []catalog.View{
		catalogView("pg_class", "oid oid, relname name, relnamespace oid, reltype oid, reloftype oid, relowner oid, relam oid, relfilenode oid, "+
			"reltablespace oid, relpages int4, reltuples float4, relallvisible int4, reltoastrelid oid, relhasindex bool, relisshared bool, "+
			"relpersistence char, relkind char, relnatts int2, relchecks int2, relhasrules bool, relhastriggers bool, relhassubclass bool, "+
			"relrowsecurity bool, relforcerowsecurity bool, relispopulated bool, relreplident char, relispartition bool, relrewrite oid, "+
			"relfrozenxid xid, relminmxid xid, relacl aclitem[], reloptions text[], relpartbound tree", c.classRows),
		catalogView("pg_attribute", "attrelid oid, attname name, atttypid oid, attstattarget int4, attlen int2, attnum int2, attndims int4, "+
			"attcacheoff int4, atttypmod int4, attbyval bool, attalign char, attstorage char, attcompression char, attnotnull bool, atthasdef bool, "+
			"atthasmissing bool, attidentity char, attgenerated char, attisdropped bool, attislocal bool, attinhcount int4, attcollation oid, "+
			"attacl aclitem[], attoptions text[], attfdwoptions text[], attmissingval anyarray", c.attributeRows),
		catalogView("pg_attrdef", "oid oid, adrelid oid, adnum int2, adbin tree", nil),
		catalogView("pg_type", "oid oid, typname name, typnamespace oid, typowner oid, typlen int2, typbyval bool, typtype char, typcategory char, "+
			"typispreferred bool, typisdefined bool, typdelim char, typrelid oid, typsubscript regproc, typelem oid, typarray oid, typinput regproc, "+
			"typoutput regproc, typreceive regproc, typsend regproc, typmodin regproc, typmodout regproc, typanalyze regproc, typalign char, "+
			"typstorage char, typnotnull bool, typbasetype oid, typtypmod int4, typndims int4, typcollation oid, typdefaultbin tree, "+
			"typdefault text, typacl aclitem[]", typeRows),
		catalogView("pg_enum", "oid oid, enumtypid oid, enumsortorder float4, enumlabel name", nil),
		catalogView("pg_index", "indexrelid oid, indrelid oid, indnatts int2, indnkeyatts int2, indisunique bool, indnullsnotdistinct bool, "+
			"indisprimary bool, indisexclusion bool, indimmediate bool, indisclustered bool, indisvalid bool, indcheckxmin bool, indisready bool, "+
			"indislive bool, indisreplident bool, indkey int2vector, indcollation oidvector, indclass oidvector, indoption int2vector, "+
			"indexprs tree, indpred tree", nil),
		catalogView("pg_policy", "oid oid, polname name, polrelid oid, polcmd char, polpermissive bool, polroles oid[], polqual tree, "+
			"polwithcheck tree", nil),
	}
}

func (c systemCatalog) classRows(context.Context) []values {
	var list []values
	for _, v := range c.views() {
		list = append(list, values{
			"oid": v.OID, "relname": v.Name, "relnamespace": schemaOf(v.Name), "relowner": superuser, "reltuples": float64(-1), "relpersistence": "p",
			"relkind": "v", "relnatts": int64(len(v.Columns)), "relispopulated": true, "relreplident": "n",
		})
	}
	return list
}

func (c systemCatalog) attributeRows(context.Context) []values {
	var list []values
	for _, v := range c.views() {
		for i, col := range v.Columns {
			l := datum.LayoutOf(col.Type)
			list = append(list, values{
				"attrelid": v.OID, "attname": col.Name, "atttypid": int64(datum.OID(col.Type)), "attstattarget": int64(-1), "attlen": int64(datum.Size(col.Type)),
				"attnum": int64(i + 1), "attndims": l.Dimensions, "attcacheoff": int64(-1), "atttypmod": int64(-1), "attbyval": l.ByValue,
				"attalign": l.Align, "attstorage": l.Storage, "attislocal": true,
			})
		}
	}
	return list
}

func typeRows(context.Context) []values {
	var list []values
	for _, t := range datum.Types() {
		l := datum.LayoutOf(t)
		list = append(list, values{
			"oid": int64(datum.OID(t)), "typname": l.Name, "typnamespace": inPgCatalog, "typowner": superuser, "typlen": int64(datum.Size(t)),
			"typbyval": l.ByValue, "typtype": l.Kind, "typcategory": l.Category, "typispreferred": l.Preferred, "typisdefined": true, "typdelim": ",",
			"typelem": int64(l.Element), "typarray": int64(l.Array), "typalign": l.Align, "typstorage": l.Storage, "typtypmod": int64(-1),
		})
	}
	return list
}

func (c systemCatalog) relationFunctions() []rmgr.Function {
	format := scalar("format_type", rmgr.Text, columns("type_oid", rmgr.Int8, "typemod", rmgr.Int4), func(_ context.Context, args []any) (any, error) {
		oid, ok := args[0].(int64)
		name, known := datum.TypeNamed(oid)
		switch {
		case !ok:
			return nil, nil
		case known:
			return name, nil
		case oid == 0:
			return "-", nil
		}
		return "???", nil
	})
	format.Strict = false // a type without a modifier has NULL for one
	return []rmgr.Function{
		format,
		scalar("pg_type_is_visible", rmgr.Bool, columns("type", rmgr.Int8), func(_ context.Context, args []any) (any, error) {
			if _, known := datum.TypeNamed(args[0].(int64)); known {
				return true, nil
			}
			return nil, nil
		}),
		scalar("pg_table_is_visible", rmgr.Bool, columns("table", rmgr.Int8), func(_ context.Context, args []any) (any, error) {
			for _, v := range c.views() {
				if v.OID == args[0].(int64) {
					return true, nil
				}
			}
			return nil, nil
		}),
	}
}

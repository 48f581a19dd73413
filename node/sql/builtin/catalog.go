package builtin

import (
	"context"
	"strings"
	"sync"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// The system catalog is what psql's \d, \df, \dx, \du, \dn, \dT, \db, \di, \dp and \l ask, and programs like it: the views and their
// columns, the functions, the modules as extensions, one role and one database. Each has all of PostgreSQL 15's
// columns. What a node has none of is an empty view, and a column that means nothing here is 0, false or NULL.

// Numbers of what there is once, as initdb gives them.
const (
	inPgCatalog  = int64(11)
	inPublic     = int64(2200)
	tablespace   = int64(1663)
	global       = int64(1664)
	encodingUTF8 = int64(6)
	internal     = int64(12)
)

// An Extension is a row of pg_extension: a module that is loaded, or one of PostgreSQL's that every node has.
type Extension struct {
	Name, Version string
	Functions     []string // their names
}

// A row of the catalog: what is left out is what means nothing here.
type values map[string]any

// catalogView makes a view of columns "name type, …".
func catalogView(name, spec string, rows func(ctx context.Context) []values) catalog.View {
	cols := specColumns(spec)
	return catalog.View{Name: name, Columns: cols, Rows: func(ctx context.Context, row func(...any) error) error {
		if rows == nil {
			return nil
		}
		for _, v := range rows(ctx) {
			out := make([]any, len(cols))
			for i, c := range cols {
				value, given := v[c.Name]
				if out[i] = value; !given {
					out[i] = nothing[c.Type]
				}
			}
			if err := row(out...); err != nil {
				return err
			}
		}
		return nil
	}}
}

// nothing is what a column holds that means nothing here; NULL where there is no entry.
var nothing = map[rmgr.Type]any{
	datum.Oid: int64(0), datum.Xid: int64(0), datum.Int2: int64(0), rmgr.Int4: int64(0), rmgr.Bool: false, datum.Char: "", datum.Float4: float64(0), datum.Regproc: "-",
}

var specTypes = map[string]rmgr.Type{
	"oid": datum.Oid, "name": datum.Name, "int2": datum.Int2, "int4": rmgr.Int4, "bool": rmgr.Bool, "char": datum.Char, "text": rmgr.Text, "xid": datum.Xid,
	"float4": datum.Float4, "regproc": datum.Regproc, "tree": datum.NodeTree, "oidvector": datum.OidVector, "text[]": datum.TextArray, "char[]": datum.CharArray,
	"oid[]": datum.OidArray, "int2vector": datum.Int2Vector, "aclitem[]": datum.ACLItemArray, "anyarray": datum.AnyArray, "timestamptz": rmgr.Timestamptz,
}

func specColumns(spec string) []rmgr.Column {
	var list []rmgr.Column
	for _, c := range strings.Split(spec, ", ") {
		name, typ, _ := strings.Cut(c, " ")
		list = append(list, rmgr.Column{Name: name, Type: specTypes[typ]})
	}
	return list
}

// once keeps a list that does not change any more when the first session asks for it.
func once[T any](list func() []T) func() []T {
	if list == nil {
		return func() []T { return nil }
	}
	return sync.OnceValue(list)
}

func newCatalog(n Node) systemCatalog {
	return systemCatalog{functions: once(n.Functions), views: once(n.Views), extensions: once(n.Extensions)}
}

// catalogViews need what the registry holds; without that there are none.
func catalogViews(n Node) []catalog.View {
	if n.Views == nil || n.Functions == nil {
		return nil
	}
	c := newCatalog(n)
	return append(append(c.clusterViews(), c.relationViews()...), c.functionViews()...)
}

func catalogFunctions(n Node) []rmgr.Function {
	if n.Views == nil || n.Functions == nil {
		return nil
	}
	c := newCatalog(n)
	return append(append(clusterFunctions(), c.relationFunctions()...), c.procFunctions()...)
}

// A systemCatalog knows what the views of the catalog show.
type systemCatalog struct {
	functions  func() []*rmgr.Function
	views      func() []*catalog.View
	extensions func() []Extension
}

// schemaOf is pg_catalog for what PostgreSQL has there, public for the rest.
func schemaOf(name string) int64 {
	if strings.HasPrefix(name, "pg_") {
		return inPgCatalog
	}
	return inPublic
}

// Numbers of what this package numbers; views have theirs from the registry.
const (
	firstExtension = int64(32768)
	firstFunction  = int64(65536)
)

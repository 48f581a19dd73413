package builtin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c systemCatalog) functionViews() []catalog.View {
	return []catalog.View{
		catalogView("pg_proc", "oid oid, proname name, pronamespace oid, proowner oid, prolang oid, procost float4, prorows float4, provariadic oid, "+
			"prosupport regproc, prokind char, prosecdef bool, proleakproof bool, proisstrict bool, proretset bool, provolatile char, "+
			"proparallel char, pronargs int2, pronargdefaults int2, prorettype oid, proargtypes oidvector, proallargtypes oid[], "+
			"proargmodes char[], proargnames text[], proargdefaults tree, protrftypes oid[], prosrc text, probin text, prosqlbody tree, "+
			"proconfig text[], proacl aclitem[]", c.procRows),
	}
}

func (c systemCatalog) procRows(context.Context) []values {
	var list []values
	for i, f := range c.functions() {
		p := profileOf(f)
		v := values{
			"oid": firstFunction + int64(i), "proname": f.Name, "pronamespace": c.functionSchema(f.Name), "proowner": superuser, "prolang": internal,
			"procost": float64(1), "prokind": "f", "proisstrict": f.Strict, "proretset": f.Set, "provolatile": "v", "proparallel": "u",
			"pronargs": int64(len(f.Args)), "pronargdefaults": int64(len(f.Defaults)), "prorettype": int64(datum.OID(p.result)),
			"proargtypes": strings.Join(p.in, " "), "prosrc": f.Name,
		}
		if f.Set {
			v["prorows"] = float64(1000)
		}
		if f.Variadic {
			v["provariadic"] = int64(datum.OID(f.Args[len(f.Args)-1].Type))
		}
		if p.named {
			v["proargnames"] = arrayOf(p.names)
		}
		if len(p.all) > len(p.in) {
			v["proallargtypes"], v["proargmodes"] = arrayOf(p.all), arrayOf(p.modes)
		}
		list = append(list, v)
	}
	return list
}

func arrayOf(list []string) string {
	var elements []*string
	for i := range list {
		elements = append(elements, &list[i])
	}
	return datum.ArrayText(elements)
}

// A profile is a function's arguments and result as pg_proc has them: columns of a result are arguments, too.
type profile struct {
	in, all, modes, names []string
	named                 bool
	result                rmgr.Type
}

func profileOf(f *rmgr.Function) profile {
	p := profile{result: datum.Void}
	add := func(c rmgr.Column, mode string, typ uint32) {
		p.all, p.modes, p.names = append(p.all, fmt.Sprint(typ)), append(p.modes, mode), append(p.names, c.Name)
		p.named = p.named || c.Name != ""
	}
	for i, a := range f.Args {
		mode, typ := "i", datum.OID(a.Type)
		if f.Variadic && i == len(f.Args)-1 {
			mode, typ = "v", uint32(datum.OIDTextArray)
		}
		add(a, mode, typ)
		p.in = append(p.in, fmt.Sprint(typ))
	}
	switch {
	case len(f.Returns) == 1:
		p.result = f.Returns[0].Type
	case len(f.Returns) > 1:
		p.result = datum.Record
		for _, r := range f.Returns {
			mode := "o"
			if f.Set {
				mode = "t"
			}
			add(r, mode, datum.OID(r.Type))
		}
	}
	return p
}

// functionSchema is public for what comes from a module or an extension, and for what PostgreSQL has not.
func (c systemCatalog) functionSchema(name string) int64 {
	for _, e := range c.extensions() {
		if slices.Contains(e.Functions, name) {
			return inPublic
		}
	}
	if strings.HasPrefix(name, "redoubt_") {
		return inPublic
	}
	return inPgCatalog
}

func (c systemCatalog) procFunctions() []rmgr.Function {
	of := func(name string, typ rmgr.Type, show func(*rmgr.Function) any) rmgr.Function {
		return scalar(name, typ, columns("func", rmgr.Int8), func(_ context.Context, args []any) (any, error) {
			list, i := c.functions(), args[0].(int64)-firstFunction
			if i < 0 || i >= int64(len(list)) {
				return nil, nil
			}
			return show(list[i]), nil
		})
	}
	return []rmgr.Function{
		of("pg_function_is_visible", rmgr.Bool, func(*rmgr.Function) any { return true }),
		of("pg_get_function_result", rmgr.Text, func(f *rmgr.Function) any { return functionResult(f) }),
		of("pg_get_function_arguments", rmgr.Text, func(f *rmgr.Function) any { return functionArguments(f) }),
	}
}

// functionResult is a result as CREATE FUNCTION declares it.
func functionResult(f *rmgr.Function) string {
	result := "void"
	switch {
	case len(f.Returns) > 1 && f.Set:
		var cols []string
		for _, r := range f.Returns {
			cols = append(cols, parser.QuoteIdent(r.Name)+" "+datum.TypeName(r.Type))
		}
		return "TABLE(" + strings.Join(cols, ", ") + ")"
	case len(f.Returns) > 1:
		result = "record"
	case len(f.Returns) == 1:
		result = datum.TypeName(f.Returns[0].Type)
	}
	if f.Set {
		return "SETOF " + result
	}
	return result
}

// functionArguments are arguments as CREATE FUNCTION declares them.
func functionArguments(f *rmgr.Function) string {
	var list []string
	last := len(f.Args)
	if f.Variadic {
		last--
	}
	for i, a := range f.Args {
		text := datum.TypeName(a.Type)
		if a.Name != "" {
			text = parser.QuoteIdent(a.Name) + " " + text
		}
		if i == last {
			list = append(list, "VARIADIC "+text+"[]")
			continue
		}
		if d := i - (last - len(f.Defaults)); d >= 0 {
			text += " DEFAULT " + defaultText(a.Type, f.Defaults[d])
		}
		list = append(list, text)
	}
	if len(f.Returns) > 1 && !f.Set {
		for _, r := range f.Returns {
			list = append(list, "OUT "+parser.QuoteIdent(r.Name)+" "+datum.TypeName(r.Type))
		}
	}
	return strings.Join(list, ", ")
}

func defaultText(t rmgr.Type, v any) string {
	if v == nil {
		return "NULL"
	}
	switch v := v.(type) {
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'::" + datum.TypeName(t)
	case bool:
		return fmt.Sprint(v)
	}
	text, err := datum.AppendText(nil, t, v)
	if err != nil {
		return "?"
	}
	if t == rmgr.Int8 || t == rmgr.Int4 || t == rmgr.Float8 {
		return string(text)
	}
	return "'" + string(text) + "'::" + datum.TypeName(t)
}

package builtin

import (
	"context"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// settingsView shows what SHOW ALL shows, with the session's own values.
func settingsView(n Node) catalog.View {
	return catalog.View{
		Name: "pg_settings",
		Columns: columns("name", rmgr.Text, "setting", rmgr.Text, "unit", rmgr.Text, "category", rmgr.Text, "short_desc", rmgr.Text, "extra_desc", rmgr.Text,
			"context", rmgr.Text, "vartype", rmgr.Text, "source", rmgr.Text, "min_val", rmgr.Text, "max_val", rmgr.Text, "enumvals", datum.TextArray,
			"boot_val", rmgr.Text, "reset_val", rmgr.Text, "sourcefile", rmgr.Text, "sourceline", rmgr.Int4, "pending_restart", rmgr.Bool),
		Rows: func(ctx context.Context, row func(...any) error) error {
			s := sql.FromContext(ctx)
			if s == nil {
				return failure("55000", "pg_settings needs a session")
			}
			known := map[string]SettingRow{}
			if n.SettingRows != nil {
				for _, r := range n.SettingRows() {
					known[strings.ToLower(r.Name)] = r
				}
			}
			for _, v := range s.AllSettings() {
				r, ok := known[strings.ToLower(v.Name)]
				if !ok {
					r = clientSetting(v)
				}
				if v.Value != r.Shown {
					r.Value, r.Source, r.File, r.Line = v.Value, "session", "", 0
				}
				if err := row(r.row()...); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// clientSetting is one that only sessions have, because clients set it when they connect.
func clientSetting(v catalog.Setting) SettingRow {
	return SettingRow{
		Name: v.Name, Value: v.Value, Shown: v.Value, Description: v.Description, Category: "Client Connection Defaults / Statement Behavior",
		Context: "user", Type: "string", Source: "default", Boot: v.Value, Reset: v.Value,
	}
}

// A SettingRow is a row of pg_settings. What is "" is NULL, but for the values.
type SettingRow struct {
	Name, Value, Shown          string // Shown is Value as SHOW prints it
	Unit, Category, Description string
	Context, Type, Source       string
	Min, Max                    string
	Enum                        []string
	Boot, Reset                 string
	File                        string
	Line                        int
	Pending                     bool
}

func (r SettingRow) row() []any {
	var enum any
	if len(r.Enum) > 0 {
		enum = "{" + strings.Join(r.Enum, ",") + "}"
	}
	return []any{
		r.Name, r.Value, nullText(r.Unit), r.Category, r.Description, nil,
		r.Context, r.Type, r.Source, nullText(r.Min), nullText(r.Max), enum,
		r.Boot, r.Reset, nullText(r.File), nullInt(int64(r.Line), 0), r.Pending,
	}
}

package sql

import (
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/guc"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// showPlan prepares SHOW name and SHOW ALL.
func (s *Session) showPlan(p *Prepared, n *parser.Show) error {
	if n.Name == "" {
		p.Columns = []rmgr.Column{{Name: "name"}, {Name: "setting"}, {Name: "description"}}
		p.run = showAll
		return nil
	}
	if _, ok := s.lookup(n.Name); !ok {
		return ereport.Errorf(ereport.CodeUndefinedObject, "unrecognized configuration parameter \"%s\"", n.Name).At(p.Statement.Query, n.Pos)
	}
	p.Columns = []rmgr.Column{{Name: guc.Label(n.Name)}}
	p.run = func(s *Session) (Tag, error) {
		return Tag{Verb: "SHOW"}, s.exec.Emit([]any{s.show(n.Name)})
	}
	return nil
}

// Show is a setting as SHOW gives it; ok is false if there is no such setting.
func (s *Session) Show(name string) (value string, ok bool) {
	name = strings.ToLower(name)
	if _, ok := s.lookup(name); !ok {
		return "", false
	}
	return s.show(name), true
}

// show is a setting as SHOW gives it: times with their unit.
func (s *Session) show(name string) string {
	v := s.Setting(name)
	if strings.HasSuffix(name, "_timeout") {
		return guc.ShownDuration(v) // what the node says has a unit already
	}
	return v
}

func showAll(s *Session) (Tag, error) {
	for _, v := range s.AllSettings() {
		if err := s.exec.Emit([]any{v.Name, v.Value, v.Description}); err != nil {
			return Tag{}, err
		}
	}
	return Tag{Verb: "SHOW"}, nil
}

// AllSettings lists the node's settings and the session's, by name.
func (s *Session) AllSettings() []catalog.Setting {
	list := slices.Clone(s.engine.Catalog.Settings())
	known := map[string]bool{}
	for i := range list {
		known[list[i].Name] = true
		list[i].Value = s.show(list[i].Name)
	}
	names := []string{"server_version", "server_version_num", "server_encoding", "in_hot_standby", "transaction_read_only", "transaction_isolation"}
	for _, name := range append(names, guc.Names()...) {
		if !known[name] {
			list = append(list, catalog.Setting{Name: guc.Label(name), Value: s.show(name)})
		}
	}
	slices.SortFunc(list, func(a, b catalog.Setting) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return list
}

package sql

import (
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/guc"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// showPlan prepares SHOW name and SHOW ALL.
func (s *Session) showPlan(c *compiler, p *Prepared, n *parser.Show) error {
	if n.Name == "" {
		p.Columns = []rmgr.Column{{Name: "name"}, {Name: "setting"}, {Name: "description"}}
		p.run = showAll
		return nil
	}
	if _, ok := s.lookup(n.Name); !ok {
		return c.fail(n.Pos, codeUndefinedObject, "unrecognized configuration parameter \"%s\"", n.Name)
	}
	p.Columns = []rmgr.Column{{Name: guc.Label(n.Name)}}
	p.run = func(s *Session) (Tag, error) {
		return Tag{Verb: "SHOW"}, s.exec.emit([]any{s.show(n.Name)})
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
		if err := s.exec.emit([]any{v.Name, v.Value, v.Description}); err != nil {
			return Tag{}, err
		}
	}
	return Tag{Verb: "SHOW"}, nil
}

// AllSettings lists the node's settings and the session's, by name.
func (s *Session) AllSettings() []Setting {
	list := slices.Clone(s.engine.Catalog.Settings())
	known := map[string]bool{}
	for i := range list {
		known[list[i].Name] = true
		list[i].Value = s.show(list[i].Name)
	}
	names := []string{"server_version", "server_version_num", "server_encoding", "in_hot_standby", "transaction_read_only", "transaction_isolation"}
	for _, name := range append(names, guc.Names()...) {
		if !known[name] {
			list = append(list, Setting{Name: guc.Label(name), Value: s.show(name)})
		}
	}
	slices.SortFunc(list, func(a, b Setting) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list
}

func (s *Session) set(n *parser.Set, query string) (Tag, error) {
	tag := Tag{Verb: "SET"}
	if n.Verbose {
		tag.Verb = "RESET"
	}
	var err *Error
	switch {
	case n.Reset:
		err = s.reset(n.Name)
	case n.Local && s.tx.status != txOpen:
		s.notice("WARNING", Condition{Code: codeNoTransaction, Message: "SET LOCAL can only be used in transaction blocks"})
	default:
		err = s.assign(n.Name, n.Value, n.Local)
	}
	if err != nil {
		return Tag{}, err.at(query, n.Pos)
	}
	return tag, nil
}

const maxPrepared = 10000 // statements in one session

// KeepPrepared names a prepared statement for the session; "" is the unnamed one.
func (s *Session) KeepPrepared(name string, p *Prepared) error {
	if name != "" {
		if _, taken := s.prepared[name]; taken {
			return errorf(codeDuplicateStatement, "prepared statement \"%s\" already exists", name)
		}
		if len(s.prepared) >= maxPrepared {
			return errorf(codeProgramLimit, "a session can have at most %d prepared statements", maxPrepared)
		}
	}
	s.prepared[name] = p
	return nil
}

// Prepared finds a prepared statement by name.
func (s *Session) Prepared(name string) (*Prepared, error) {
	if p, ok := s.prepared[name]; ok {
		return p, nil
	}
	if name == "" {
		return nil, errorf(codeNoStatement, "unnamed prepared statement does not exist")
	}
	return nil, errorf(codeNoStatement, "prepared statement \"%s\" does not exist", name)
}

// ForgetPrepared drops a prepared statement; it need not exist.
func (s *Session) ForgetPrepared(name string) { delete(s.prepared, name) }

func (s *Session) prepareNamed(n *parser.Prepare, query string) error {
	oids := make([]uint32, len(n.Types))
	c := newCompiler(s.engine.Catalog, query, nil)
	for i, name := range n.Types {
		t, err := c.typeNamed(name)
		if err != nil {
			return err
		}
		oids[i] = datum.OID(t)
	}
	p, err := s.Prepare(n.Body, oids)
	if err != nil {
		return err
	}
	return s.KeepPrepared(n.Name, p)
}

// executePlan prepares EXECUTE: its columns are those of the statement it names.
func (s *Session) executePlan(c *compiler, p *Prepared, n *parser.Execute) error {
	body, err := s.Prepared(n.Name)
	if err != nil {
		return c.place(err, n.Pos)
	}
	if len(n.Args) != len(body.Params) {
		return c.fail(n.Pos, codeSyntax, "wrong number of parameters for prepared statement \"%s\"", n.Name).
			detail("Expected %d parameters but got %d.", len(body.Params), len(n.Args))
	}
	args, err := c.assign(n.Args, body.types)
	if err != nil {
		return err
	}
	p.Columns, p.writer = body.Columns, body.writer
	p.run = func(s *Session) (Tag, error) {
		values, err := args.values(&s.exec)
		if err != nil {
			return Tag{}, err
		}
		s.exec.args = values
		return body.run(s)
	}
	return nil
}

func (s *Session) deallocate(n *parser.Deallocate) (Tag, error) {
	if n.Name == "" {
		clear(s.prepared)
		return Tag{Verb: "DEALLOCATE ALL"}, nil
	}
	if _, err := s.Prepared(n.Name); err != nil {
		return Tag{}, err
	}
	s.ForgetPrepared(n.Name)
	return Tag{Verb: "DEALLOCATE"}, nil
}

func (s *Session) discard(n *parser.Discard) (Tag, error) {
	tag := Tag{Verb: "DISCARD " + strings.ToUpper(n.What)}
	if n.What != "all" {
		return tag, nil
	}
	if s.tx.status == txOpen {
		return Tag{}, errorf(codeActiveTransaction, "DISCARD ALL cannot run inside a transaction block")
	}
	clear(s.prepared)
	if err := s.reset(""); err != nil {
		return Tag{}, err
	}
	return tag, nil
}

func (s *Session) checkpoint() error {
	if s.engine.Checkpoint == nil {
		return errorf(codeNotSupported, "CHECKPOINT is not supported")
	}
	return s.engine.Checkpoint(s.exec.ctx)
}

// createExtension answers as PostgreSQL does for a module that is loaded: there is nothing to do.
func (s *Session) createExtension(n *parser.CreateExtension, query string) error {
	switch s.engine.Catalog.Module(n.Name) {
	case ModuleLoaded:
		if n.IfNotExists {
			s.notice("NOTICE", Condition{Code: codeDuplicateObject, Message: "extension \"" + n.Name + "\" already exists, skipping"})
		}
		return nil
	case ModuleOff:
		return errorf("55000", "module \"%s\" is not loaded", n.Name).at(query, n.Pos).
			hint("List it in preload_modules (spec.modules of the WALCluster) and restart the node.")
	}
	return errorf(codeNotSupported, "extension \"%s\" is not available", n.Name).at(query, n.Pos).
		hint("This node was built without the module. Use an image that has it, and list it in preload_modules.")
}

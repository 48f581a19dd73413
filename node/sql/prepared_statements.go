package sql

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/executor"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
)

const maxPrepared = 10000 // statements in one session

// KeepPrepared names a prepared statement for the session; "" is the unnamed one.
func (s *Session) KeepPrepared(name string, p *Prepared) error {
	if name != "" {
		if _, taken := s.prepared[name]; taken {
			return ereport.Errorf(ereport.CodeDuplicateStatement, "prepared statement \"%s\" already exists", name)
		}
		if len(s.prepared) >= maxPrepared {
			return ereport.Errorf(ereport.CodeProgramLimit, "a session can have at most %d prepared statements", maxPrepared)
		}
	}
	p.name = name
	s.prepared[name] = p
	return nil
}

// Prepared finds a prepared statement by name.
func (s *Session) Prepared(name string) (*Prepared, error) {
	if p, ok := s.prepared[name]; ok {
		return p, nil
	}
	if name == "" {
		return nil, ereport.Errorf(ereport.CodeNoStatement, "unnamed prepared statement does not exist")
	}
	return nil, ereport.Errorf(ereport.CodeNoStatement, "prepared statement \"%s\" does not exist", name)
}

// ForgetPrepared drops a prepared statement; it need not exist.
func (s *Session) ForgetPrepared(name string) { delete(s.prepared, name) }

func (s *Session) prepareNamed(n *parser.Prepare, query string) error {
	oids := make([]uint32, len(n.Types))
	c := executor.NewCompiler(s.engine.Catalog, query, nil)
	for i, name := range n.Types {
		t, err := c.Type(name)
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
func (s *Session) executePlan(c *executor.Compiler, p *Prepared, n *parser.Execute) error {
	body, err := s.Prepared(n.Name)
	if err != nil {
		return c.Place(err, n.Pos)
	}
	if len(n.Args) != len(body.Params) {
		return ereport.Errorf(ereport.CodeSyntax, "wrong number of parameters for prepared statement \"%s\"", n.Name).At(p.Statement.Query, n.Pos).
			WithDetail("Expected %d parameters but got %d.", len(body.Params), len(n.Args))
	}
	args, err := c.Assign(n.Args, body.types)
	if err != nil {
		return err
	}
	p.Columns, p.writer = body.Columns, body.writer
	p.run = func(s *Session) (Tag, error) {
		values, err := args.Values(&s.exec)
		if err != nil {
			return Tag{}, err
		}
		s.exec.Args = values
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

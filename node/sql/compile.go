package sql

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/executor"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// Prepare resolves a statement. oids are the types of parameters that the client declares; 0 or
// a missing one leaves the type to the place where the parameter stands.
func (s *Session) Prepare(st *parser.Statement, oids []uint32) (*Prepared, error) {
	if s.tx.status == txFailed && !st.EndsTransaction() {
		return nil, errFailedTransaction()
	}
	types, err := declared(oids, st.Params)
	if err != nil {
		return nil, err
	}
	c := executor.NewCompiler(s.engine.Catalog, st.Query, types)
	p := &Prepared{Statement: st}
	if err := s.compile(c, p, st.Node); err != nil {
		return nil, err
	}
	return p, p.finish(c, oids)
}

// declared are the types of a statement's parameters as far as the client has declared them.
func declared(oids []uint32, params int) ([]rmgr.Type, error) {
	types := make([]rmgr.Type, max(params, len(oids)))
	for i := range types {
		types[i] = datum.Unknown
	}
	for i, oid := range oids {
		t, ok := datum.TypeByOID(oid)
		if !ok {
			return nil, ereport.Errorf(ereport.CodeNotSupported, "parameter $%d: the type with OID %d is not supported", i+1, oid)
		}
		types[i] = t
	}
	return types, nil
}

func (p *Prepared) finish(c *executor.Compiler, oids []uint32) (err error) {
	if p.types, err = c.Parameters(); err != nil {
		return err
	}
	p.Params = make([]uint32, len(p.types))
	for i, t := range p.types {
		p.Params[i] = datum.OID(t)
		if i < len(oids) && oids[i] != 0 && oids[i] != datum.OIDUnknown {
			p.Params[i] = oids[i]
		}
	}
	if p.writer == nil {
		p.writer = c.Writer
	}
	return nil
}

func (s *Session) compile(c *executor.Compiler, p *Prepared, n parser.Node) (err error) {
	switch n := n.(type) {
	case nil:
		p.run = func(*Session) (Tag, error) { return Tag{}, nil }
	case *parser.Select:
		return p.sel(c, n)
	case *parser.Execute:
		p.queries = true
		return s.executePlan(c, p, n)
	case *parser.Show:
		return s.showPlan(p, n)
	case *parser.Set:
		p.run = func(s *Session) (Tag, error) { return s.set(n, p.Statement.Query) }
	case *parser.Transaction:
		p.run = func(s *Session) (Tag, error) { return s.transaction(n) }
	case *parser.Prepare:
		p.run = func(s *Session) (Tag, error) { return Tag{Verb: "PREPARE"}, s.prepareNamed(n, p.Statement.Query) }
	case *parser.Deallocate:
		p.run = func(s *Session) (Tag, error) { return s.deallocate(n) }
	case *parser.Discard:
		p.run = func(s *Session) (Tag, error) { return s.discard(n) }
	case *parser.Checkpoint:
		p.run = func(s *Session) (Tag, error) { return Tag{Verb: "CHECKPOINT"}, s.checkpoint() }
	case *parser.CreateExtension:
		p.run = func(s *Session) (Tag, error) {
			return Tag{Verb: "CREATE EXTENSION"}, s.createExtension(n, p.Statement.Query)
		}
	}
	return nil
}

func (p *Prepared) sel(c *executor.Compiler, n *parser.Select) error {
	plan, err := c.Select(n)
	if err != nil {
		return err
	}
	p.Columns, p.queries = plan.Columns, true
	p.run = func(s *Session) (Tag, error) {
		rows, err := plan.Run(&s.exec)
		return Tag{"SELECT", rows, true}, err
	}
	return nil
}

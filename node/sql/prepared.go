package sql

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Prepared is a statement whose names and types are resolved, ready to run many times, by one
// goroutine at a time. Functions are looked up once: what it calls stays what it was.
type Prepared struct {
	Statement *parser.Statement

	// Params are the types of $1, $2, …, as the client declared them or as their places demand.
	Params []uint32

	// Columns describe the rows; nil if the statement gives none.
	Columns []rmgr.Column

	types   []rmgr.Type
	writer  *rmgr.Function // the one writing call, or nil
	queries bool           // it takes a snapshot, in PostgreSQL: a transaction's modes are settled then
	run     func(x *execution) (Tag, error)
}

// A Tag is what CommandComplete says.
type Tag struct {
	Verb    string
	Rows    int
	Counted bool
}

// AppendTo appends the tag's text, as "SELECT 3".
func (t Tag) AppendTo(dst []byte) []byte {
	dst = append(dst, t.Verb...)
	if t.Counted {
		dst = fmt.Appendf(dst, " %d", t.Rows)
	}
	return dst
}

func (t Tag) String() string { return string(t.AppendTo(nil)) }

// Prepare resolves a statement. oids are the types of parameters that the client declares; 0 or
// a missing one leaves the type to the place where the parameter stands.
func (s *Session) Prepare(st *parser.Statement, oids []uint32) (*Prepared, error) {
	if s.tx.status == txFailed && !st.EndsTransaction() {
		return nil, errFailedTransaction()
	}
	c := &compiler{session: s, query: st.Query, level: &level{columnPos: -1}}
	if err := c.declare(oids, st.Params); err != nil {
		return nil, err
	}
	p := &Prepared{Statement: st}
	if err := c.compile(p, st.Node); err != nil {
		return nil, err
	}
	return p, c.finish(p, oids)
}

// declare takes over the client's types.
func (c *compiler) declare(oids []uint32, params int) error {
	c.types = make([]rmgr.Type, max(params, len(oids)))
	for i := range c.types {
		c.types[i] = datum.Unknown
	}
	for i, oid := range oids {
		t, ok := datum.TypeByOID(oid)
		if !ok {
			return errorf(codeNotSupported, "parameter $%d: the type with OID %d is not supported", i+1, oid)
		}
		c.types[i] = t
	}
	return nil
}

func (c *compiler) finish(p *Prepared, oids []uint32) error {
	p.types = c.types
	p.Params = make([]uint32, len(c.types))
	for i, t := range c.types {
		if i < len(oids) && oids[i] != 0 && oids[i] != datum.OIDUnknown {
			p.Params[i] = oids[i]
			continue
		}
		if t == datum.Unknown {
			if _, used := c.used[i+1]; !used {
				return errorf(codeIndeterminateType, "could not determine data type of parameter $%d", i+1)
			}
			p.types[i] = rmgr.Text
		}
		p.Params[i] = datum.OID(p.types[i])
	}
	p.writer = c.writer
	return nil
}

func (c *compiler) compile(p *Prepared, n parser.Node) (err error) {
	switch n := n.(type) {
	case nil:
		p.run = func(*execution) (Tag, error) { return Tag{}, nil }
	case *parser.Select:
		var plan *selectPlan
		if plan, err = c.selectPlan(n); err == nil {
			p.Columns, p.run, p.queries = plan.columns, plan.run, true
		}
	case *parser.Execute:
		p.queries = true
		err = c.executePlan(p, n)
	case *parser.Show:
		err = c.showPlan(p, n)
	case *parser.Set:
		p.run = func(x *execution) (Tag, error) { return x.session.set(n, c.query) }
	case *parser.Transaction:
		p.run = func(x *execution) (Tag, error) { return x.session.transaction(n) }
	case *parser.Prepare:
		p.run = func(x *execution) (Tag, error) { return Tag{Verb: "PREPARE"}, x.session.prepareNamed(n, c.query) }
	case *parser.Deallocate:
		p.run = func(x *execution) (Tag, error) { return x.session.deallocate(n, c.query) }
	case *parser.Discard:
		p.run = func(x *execution) (Tag, error) { return x.session.discard(n) }
	case *parser.Checkpoint:
		p.run = func(x *execution) (Tag, error) { return Tag{Verb: "CHECKPOINT"}, x.checkpoint() }
	case *parser.CreateExtension:
		p.run = func(x *execution) (Tag, error) {
			return Tag{Verb: "CREATE EXTENSION"}, x.session.createExtension(n, c.query)
		}
	}
	return err
}

// Bind turns the parameters of a Bind message into values. format gives a parameter's format
// code, 0 for text and 1 for binary; a nil parameter is NULL.
func (p *Prepared) Bind(params [][]byte, format func(i int) int16) ([]any, error) {
	if len(params) != len(p.Params) {
		return nil, errorf(codeProtocolViolation, "bind message supplies %d parameters, but prepared statement requires %d", len(params), len(p.Params))
	}
	if len(params) == 0 {
		return nil, nil
	}
	args := make([]any, len(params))
	for i, b := range params {
		if b == nil {
			continue
		}
		var err error
		switch code := format(i); code {
		case 0:
			args[i], err = p.bindText(i, b)
		case 1:
			args[i], err = bindBinary(p.Params[i], b)
		default:
			err = errorf(codeInvalidValue, "unsupported format code: %d", code)
		}
		if err != nil {
			return nil, err
		}
	}
	return args, nil
}

func (p *Prepared) bindText(i int, b []byte) (any, error) {
	s := string(b)
	if err := parser.CheckEncoding(s); err != nil {
		return nil, parserError(err)
	}
	if p.types[i] == rmgr.Text {
		return s, nil
	}
	return datum.ParseText(p.types[i], s)
}

func bindBinary(oid uint32, b []byte) (any, error) {
	v, err := datum.ParseBinary(oid, b)
	if s, text := v.(string); text {
		err = parserError(parser.CheckEncoding(s))
	}
	return v, err
}

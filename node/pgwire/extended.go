package pgwire

import (
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/sql"
)

func (s *session) parse(m *pgproto3.Parse) error {
	s.sql.Received(s.srv.options.Now())
	if m.Name == "" {
		s.sql.ForgetPrepared("")
	}
	st, err := sql.ParseOne(m.Query)
	if err != nil {
		return err
	}
	p, err := s.sql.Prepare(st, m.ParameterOIDs)
	if err != nil {
		return err
	}
	if err := s.sql.KeepPrepared(m.Name, p); err != nil {
		return err
	}
	s.out.empty('1')
	return nil
}

const maxPortals = 1000

func (s *session) bind(m *pgproto3.Bind) error {
	s.sql.Received(s.srv.options.Now())
	st, err := s.sql.Prepared(m.PreparedStatement)
	if err != nil {
		return err
	}
	if err := checkFormats(m, len(st.Columns)); err != nil {
		return err
	}
	if !s.sql.MayRun(st) {
		return sql.ErrFailedTransaction()
	}
	args, err := st.Bind(m.Parameters, func(i int) int16 { return formatOf(m.ParameterFormatCodes, i) })
	if err != nil {
		return err
	}
	p := &s.unnamed
	if m.DestinationPortal != "" {
		if s.portals[m.DestinationPortal] != nil {
			return condition("42P03", "cursor \"%s\" already exists", m.DestinationPortal)
		}
		if len(s.portals) >= maxPortals {
			return condition("54000", "a session can have at most %d portals", maxPortals)
		}
		p = &portal{}
		s.portals[m.DestinationPortal] = p
	}
	*p = portal{statement: st, args: args}
	if slices.ContainsFunc(m.ResultFormatCodes, func(f int16) bool { return f != 0 }) {
		p.formats = slices.Clone(m.ResultFormatCodes)
	}
	s.out.empty('2')
	return nil
}

func checkFormats(m *pgproto3.Bind, columns int) error {
	if n := len(m.ParameterFormatCodes); n > 1 && n != len(m.Parameters) {
		return condition("08P01", "bind message has %d parameter formats but %d parameters", n, len(m.Parameters))
	}
	if n := len(m.ResultFormatCodes); n > 1 && n != columns {
		return condition("08P01", "bind message has %d result formats but query has %d columns", n, columns)
	}
	for _, f := range m.ResultFormatCodes {
		if f != 0 && f != 1 {
			return condition("22023", "unsupported format code: %d", f)
		}
	}
	return nil
}

func (s *session) portal(name string) (*portal, error) {
	p := s.portals[name]
	if name == "" {
		p = &s.unnamed
	}
	if p == nil || p.statement == nil {
		return nil, condition("34000", "portal \"%s\" does not exist", name)
	}
	return p, nil
}

func (s *session) describe(m *pgproto3.Describe) error {
	switch m.ObjectType {
	case 'S':
		st, err := s.sql.Prepared(m.Name)
		if err != nil {
			return err
		}
		if st.Columns != nil && !s.sql.MayRun(st) {
			return sql.ErrFailedTransaction()
		}
		s.out.parameterDescription(st.Params)
		s.describeRows(st, nil)
	case 'P':
		p, err := s.portal(m.Name)
		if err != nil {
			return err
		}
		if p.statement.Columns != nil && !s.sql.MayRun(p.statement) {
			return sql.ErrFailedTransaction()
		}
		s.describeRows(p.statement, p.formats)
	default:
		return condition("08P01", "invalid DESCRIBE message subtype %d", m.ObjectType)
	}
	return nil
}

func (s *session) describeRows(st *sql.Prepared, formats []int16) {
	if st.Columns == nil {
		s.out.empty('n')
		return
	}
	s.out.rowDescription(st.Columns, formats)
}

func (s *session) execute(m *pgproto3.Execute) error {
	s.sql.Received(s.srv.options.Now())
	p, err := s.portal(m.Portal)
	if err != nil {
		return err
	}
	if p.statement.Statement.Empty() {
		s.out.empty('I')
		return nil
	}
	start := len(s.out.buf)
	if p.ran || m.MaxRows > 0 && p.statement.Columns != nil {
		return s.executePart(p, m.Portal, int(m.MaxRows), start)
	}
	p.ran = true
	if p.tag, err = s.perform(p, start); err != nil {
		return err
	}
	s.complete(p.tag)
	return nil
}

func (s *session) complete(tag sql.Tag) {
	if list := s.sql.Notices(); list != nil {
		s.out.notices(list)
	}
	s.out.completeTag(tag)
}

// executePart serves Execute with a row limit, and every Execute of a portal after the first.
func (s *session) executePart(p *portal, name string, limit, start int) error {
	if !p.ran {
		if err := s.keepRows(p, start); err != nil {
			p.rows = nil
			return err
		}
	} else if p.statement.Columns == nil {
		return condition("55000", "portal \"%s\" cannot be run", name)
	}
	n, more := p.part(&s.out, limit)
	if more {
		s.out.empty('s')
		return nil
	}
	tag := p.tag
	if tag.Counted || tag.Verb == "" {
		tag = sql.Tag{Verb: "SELECT", Rows: n, Counted: true}
	}
	s.complete(tag)
	return nil
}

func (s *session) close(m *pgproto3.Close) error {
	switch m.ObjectType {
	case 'S':
		s.sql.ForgetPrepared(m.Name)
	case 'P':
		if m.Name == "" {
			s.unnamed = portal{}
		}
		delete(s.portals, m.Name)
	default:
		return condition("08P01", "invalid CLOSE message subtype %d", m.ObjectType)
	}
	s.out.empty('3')
	return nil
}

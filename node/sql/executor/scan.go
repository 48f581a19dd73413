package executor

import "github.com/redoubt-wal/redoubt/node/sql/ereport"

// scan reads the source to its end, or until row returns an error.
func (s *sourcePlan) scan(x *Execution, row func(...any) error) error {
	n := 0
	checked := func(values ...any) error {
		if err := x.alive(n); err != nil {
			return err
		}
		n++
		if len(values) != len(s.columns) {
			return ereport.Errorf(ereport.CodeInternal, "%s returned a row of %d columns, not %d", s.alias, len(values), len(s.columns))
		}
		return row(values...)
	}
	if s.view != nil {
		return s.view.Rows(x.Context, checked)
	}
	args, null, err := evalArgs(x, s.args)
	if err != nil {
		return err
	}
	if null && s.fn.Strict {
		if s.fn.Set {
			return nil
		}
		return row(make([]any, len(s.columns))...)
	}
	if s.fn.Write == nil {
		return x.run(x.Context, s.fn, args, checked)
	}
	// A write runs to its end, whatever becomes of its rows.
	kept := x.keeper()
	defer kept.release()
	if err := x.run(x.Context, s.fn, args, kept.addRow); err != nil {
		return err
	}
	for _, values := range kept.rows {
		if err := checked(values...); err != nil {
			return err
		}
	}
	return nil
}

// eachRow calls fn for each row of the source that WHERE lets through, with the row in x.source.
func (p *Plan) eachRow(x *Execution, fn func() error) error {
	each := func() error {
		if p.where != nil {
			if ok, err := p.where.truth(x); !ok || err != nil {
				return err
			}
		}
		return fn()
	}
	switch {
	case len(p.sources) == 0:
		return each()
	case p.readFirst:
		return p.eachKept(x, each)
	}
	return p.sources[0].scan(x, func(row ...any) error {
		x.source = row
		return each()
	})
}

// eachKept reads all sources to their ends, one after another, before the first row is made of theirs.
func (p *Plan) eachKept(x *Execution, each func() error) error {
	l := loop{p: p, x: x, rows: make([][][]any, len(p.sources)), each: each}
	kept := x.keeper()
	defer kept.release()
	for i, s := range p.sources {
		kept.rows = nil // they go on counting
		if err := s.scan(x, kept.addRow); err != nil {
			return err
		}
		l.rows[i] = kept.rows
	}
	if len(p.sources) > 1 {
		x.source = make([]any, p.width)
	}
	return l.from(0)
}

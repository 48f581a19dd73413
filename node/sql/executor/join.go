package executor

import "github.com/redoubt-wal/redoubt/node/sql/parser"

// A loop goes through the rows of several sources, nested in each other.
type loop struct {
	p     *Plan
	x     *Execution
	rows  [][][]any // of each source
	each  func() error
	steps int
}

// from joins source i and those behind it to the row of those before it.
func (l *loop) from(i int) error {
	if i == len(l.rows) {
		return l.each()
	}
	s, x := l.p.sources[i], l.x
	matched := false
	for _, row := range l.rows[i] {
		if err := x.alive(l.steps); err != nil {
			return err
		}
		l.steps++
		if len(l.rows) == 1 {
			x.source = row
		} else {
			copy(x.source[s.at:], row)
		}
		if s.on != nil {
			if ok, err := s.on.truth(x); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		matched = true
		if err := l.from(i + 1); err != nil {
			return err
		}
	}
	if matched || s.join != parser.LeftJoin {
		return nil
	}
	clear(x.source[s.at : s.at+len(s.columns)])
	return l.from(i + 1)
}

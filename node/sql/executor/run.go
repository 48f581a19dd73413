package executor

import "errors"

// errEnough ends a source early.
var errEnough = errors.New("enough rows")

// Run runs the plan from x.Begin to its last row, and tells how many rows it gave to x.Emit.
func (p *Plan) Run(x *Execution) (rows int, err error) {
	limit, offset, err := p.window(x)
	if err != nil {
		return 0, err
	}
	x.rows = 0
	if limit != 0 {
		switch {
		case len(p.aggregates) > 0:
			err = p.runAggregates(x, offset)
		case len(p.order) > 0:
			err = p.runSorted(x, limit, offset)
		default:
			err = p.runInOrder(x, limit, offset)
		}
	}
	return x.rows, err
}

func (p *Plan) runInOrder(x *Execution, limit, offset int64) error {
	if len(p.sources) == 0 && p.where == nil && limit < 0 && offset == 0 {
		return p.send(x)
	}
	err := p.eachRow(x, func() error {
		if offset > 0 {
			offset--
			return nil
		}
		if err := p.send(x); err != nil {
			return err
		}
		if limit--; limit == 0 {
			return errEnough
		}
		return nil
	})
	return enough(err)
}

// enough drops the error by which a row function ended its source.
func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// send computes the row of the select list and hands it out.
func (p *Plan) send(x *Execution) error {
	x.out = x.out[:0]
	for i := range p.items {
		v, err := p.items[i].eval(x)
		if err != nil {
			return err
		}
		x.out = append(x.out, v)
	}
	x.rows++
	return x.Emit(x.out)
}

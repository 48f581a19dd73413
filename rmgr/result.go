package rmgr

import "fmt"

// results checks what a function gives against what it declares, as PostgreSQL does with a function in C
// (tupledesc_match, execSRF.c).
type results struct {
	f    *Function
	give func(...any) error
	err  error // the first that did not fit
}

func (r *results) row(values ...any) error {
	if r.err == nil {
		if detail := r.f.CheckRow(values); detail != "" {
			r.err = &Error{Code: "42804", Message: "function return row and query-specified return row do not match", Detail: detail,
				Hint: fmt.Sprintf("This is a bug in the module that has the function %s.", r.f.Name)}
		}
	}
	if r.err != nil {
		return r.err
	}
	return r.give(values...)
}

// CheckRow says in a sentence what is wrong with a row as one of f's, "" if it is what f declares.
func (f *Function) CheckRow(values []any) string {
	if len(values) != len(f.Returns) {
		return fmt.Sprintf("Returned row contains %d attributes, but query expects %d.", len(values), len(f.Returns))
	}
	for i, v := range values {
		c := f.Returns[i]
		if c.Type > Timestamptz {
			continue // one of the types that only the node's own functions have
		}
		if !c.Type.Holds(v) {
			return fmt.Sprintf("Returned %T at ordinal position %d, but query expects %s (column %s).", v, i+1, c.Type.kept(), c.Name)
		}
	}
	return ""
}

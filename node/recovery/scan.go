package recovery

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// A Survey is what Scan found.
type Survey struct {
	End     segment.End
	Needs   []modules.Need // of custom managers, ascending by ID and format
	Foreign []wal.RmgrID   // PostgreSQL's own managers with records here that nobody here replays
	Records int64
}

// Scan reads the log from start, a record's start, to its end, changing nothing. each, if not nil, is
// told every record and the formats in force at it.
func Scan(ctx context.Context, table *rmgr.Table, r *wal.Reader, start wal.LSN, each func(*wal.Record, *Formats)) (Survey, error) {
	var (
		s       Survey
		formats Formats
		needs   = map[need]*modules.Need{}
		foreign = map[wal.RmgrID]bool{}
	)
	end, err := segment.EndOfLog(r, start, func(rec *wal.Record) error {
		if s.Records++; s.Records%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch {
		case rec.Rmgr == wal.RmgrModules:
			if err := formats.Read(rec); err != nil {
				return fmt.Errorf("record at %s: %w", rec.LSN, err)
			}
		case rec.Rmgr.Custom():
			if in := formats.Of(rec.Rmgr); !in.noted {
				in.noted = true
				note(needs, in.Need(rec.LSN))
			}
		case manager(table, rec.Rmgr) == nil:
			foreign[rec.Rmgr] = true
		}
		if each != nil {
			each(rec, &formats)
		}
		return nil
	})
	s.End = end
	for _, n := range needs {
		s.Needs = append(s.Needs, *n)
	}
	slices.SortFunc(s.Needs, func(a, b modules.Need) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Format, b.Format))
	})
	for id := range foreign {
		s.Foreign = append(s.Foreign, id)
	}
	slices.Sort(s.Foreign)
	return s, err
}

type need struct {
	id     wal.RmgrID
	format rmgr.Format
	name   string
}

func note(needs map[need]*modules.Need, n modules.Need) {
	key := need{n.ID, n.Format, n.Name}
	if needs[key] == nil {
		first := n
		needs[key] = &first
	}
}

// NeedOf is what replaying a record of manager id at lsn takes, as far as the snapshot in force knows.
func NeedOf(inForce *modules.Snapshot, id wal.RmgrID, lsn wal.LSN) modules.Need {
	n := modules.Need{ID: id, First: lsn}
	if inForce == nil {
		return n
	}
	for _, m := range inForce.Modules {
		for _, r := range m.Managers {
			if r.ID == id {
				n.Format, n.Name, n.Module, n.Version = r.Format, r.Name, m.Name, m.Version
				return n
			}
		}
	}
	n.Module, n.Version, _ = inForce.Owner(id)
	return n
}

// Refusal is the error of a node that cannot replay what Scan found; nil if it can. It wraps every
// problem.
func (s Survey) Refusal(table *rmgr.Table) error {
	if len(s.Foreign) > 0 {
		return fmt.Errorf("the log has records of PostgreSQL's resource manager %d (%s), which this node does not replay: it was written by a PostgreSQL server",
			s.Foreign[0], rmgr.BuiltinName(s.Foreign[0]))
	}
	problems := Problems(table, s.Needs)
	if len(problems) == 0 {
		return nil
	}
	return &Refusal{Problems: problems}
}

// A Refusal lists what keeps a node from replaying its log.
type Refusal struct{ Problems []modules.Problem }

func (r *Refusal) Error() string {
	text := "cannot replay the log that remains, so nothing was touched: " + r.Problems[0].Error()
	if n := len(r.Problems) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// Unwrap gives the problems to errors.As.
func (r *Refusal) Unwrap() []error {
	var errs []error
	for _, p := range r.Problems {
		errs = append(errs, p)
		if p.Reason == modules.ModuleMissing {
			errs = append(errs, &rmgr.NotRegisteredError{ID: p.Need.ID, LSN: p.Need.First, Module: p.Need.Module, Version: p.Need.Version})
		}
	}
	return errs
}

// Problems lists which needs the table's managers do not meet. A manager that was registered without
// a module meets the needs of format 1, and of log without MODULES records.
func Problems(table *rmgr.Table, needs []modules.Need) []modules.Problem {
	manifest := table.Manifest()
	needs = slices.DeleteFunc(slices.Clone(needs), func(n modules.Need) bool {
		reg, ok := table.Registration(n.ID)
		_, _, inModule := manifest.Manager(n.ID)
		return ok && !inModule && (n.Format == 0 || reg.Replays.Has(n.Format))
	})
	return modules.CanReplay(manifest, needs)
}

package recovery

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// Formats is what the MODULES record read last says, ready to be asked for every record. The zero
// value is the log before its first MODULES record. It is for one goroutine.
type Formats struct {
	Table *rmgr.Table // what is loaded here, for Obstacle

	snapshot *modules.Snapshot
	answers  [256]*answer // by manager, as they are asked for
}

type answer struct {
	need    modules.Need
	problem *modules.Problem
}

// Set makes s the snapshot in force.
func (f *Formats) Set(s *modules.Snapshot) {
	f.snapshot = s
	f.answers = [256]*answer{}
}

// Read sets the snapshot if rec is a MODULES record that can be read.
func (f *Formats) Read(rec *wal.Record) error {
	if rec.Rmgr != wal.RmgrModules {
		return nil
	}
	s, err := modules.Decode(rec.Main)
	if err == nil {
		f.Set(&s)
	}
	return err
}

// Snapshot is the one in force, nil before the first.
func (f *Formats) Snapshot() *modules.Snapshot { return f.snapshot }

// Need is what replaying a record of manager id at lsn takes.
func (f *Formats) Need(id wal.RmgrID, lsn wal.LSN) modules.Need {
	n := f.answer(id).need
	n.First = lsn
	return n
}

// Obstacle is what keeps this node from replaying a record of manager id at lsn, nil if nothing does.
func (f *Formats) Obstacle(id wal.RmgrID, lsn wal.LSN) *modules.Problem {
	p := f.answer(id).problem
	if p == nil {
		return nil
	}
	at := *p
	at.Need.First = lsn
	return &at
}

func (f *Formats) answer(id wal.RmgrID) *answer {
	if a := f.answers[id]; a != nil {
		return a
	}
	a := &answer{need: NeedOf(f.snapshot, id, 0)}
	if f.Table != nil && id.Custom() && id != wal.RmgrModules {
		if p := Problems(f.Table, []modules.Need{a.need}); len(p) > 0 {
			a.problem = &p[0]
		}
	}
	f.answers[id] = a
	return a
}

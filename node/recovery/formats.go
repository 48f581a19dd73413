package recovery

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// Formats is what the MODULES record read last says, ready to be asked for every record. The zero
// value is the log before its first MODULES record. It is for one goroutine.
type Formats struct {
	Table     *rmgr.Table                  // what is loaded here, for Problem
	Otherwise func(wal.RmgrID) rmgr.Format // of a manager that no MODULES record names; nil: 0

	snapshot *modules.Snapshot
	answers  [256]*InForce // by manager, as they are asked for
}

// InForce is what holds for the records of one manager.
type InForce struct {
	Format rmgr.Format

	need    modules.Need
	problem *modules.Problem
	noted   bool // by Scan
}

// Need is what replaying a record of the manager at lsn takes.
func (f *InForce) Need(lsn wal.LSN) modules.Need {
	n := f.need
	n.First = lsn
	return n
}

// Problem is what keeps this node from replaying a record of the manager at lsn, nil if nothing does.
func (f *InForce) Problem(lsn wal.LSN) *modules.Problem {
	if f.problem == nil {
		return nil
	}
	at := *f.problem
	at.Need.First = lsn
	return &at
}

// Set makes s the snapshot in force.
func (f *Formats) Set(s *modules.Snapshot) {
	f.snapshot = s
	f.answers = [256]*InForce{}
}

// Read sets the snapshot if rec is a MODULES record that can be read.
func (f *Formats) Read(rec *wal.Record) error {
	if rec.Rmgr != wal.RmgrModules {
		return nil
	}
	return f.read(rec)
}

func (f *Formats) read(rec *wal.Record) error {
	s, err := modules.Decode(rec.Main)
	if err == nil {
		f.Set(&s)
	}
	return err
}

// Snapshot is the one in force, nil before the first.
func (f *Formats) Snapshot() *modules.Snapshot { return f.snapshot }

// Of is what holds for the records of manager id until the next MODULES record.
func (f *Formats) Of(id wal.RmgrID) *InForce {
	if in := f.answers[id]; in != nil {
		return in
	}
	return f.find(id)
}

func (f *Formats) find(id wal.RmgrID) *InForce {
	in := &InForce{need: NeedOf(f.snapshot, id, 0)}
	if in.Format = in.need.Format; in.Format == 0 && f.Otherwise != nil {
		in.Format = f.Otherwise(id)
	}
	if f.Table != nil && id.Custom() && id != wal.RmgrModules {
		if p := Problems(f.Table, []modules.Need{in.need}); len(p) > 0 {
			in.problem = &p[0]
		}
	}
	f.answers[id] = in
	return in
}

package modules

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// OpModules is the only operation. On disk: never renumber.
const OpModules uint8 = 0x00

// ResourceManager replays and describes MODULES records.
type ResourceManager struct{}

// Name is "Modules", which no module can take.
func (ResourceManager) Name() string { return rmgr.BuiltinName(wal.RmgrModules) }

// Identify names the operation.
func (ResourceManager) Identify(info uint8) string {
	if info&0xF0 == OpModules {
		return "MODULES"
	}
	return ""
}

// RedoesPagesApart makes ResourceManager an rmgr.Pagewise.
func (ResourceManager) RedoesPagesApart() {}

// Redo changes no page. It refuses a record that it cannot read, for then the formats of all that
// follows would be unknown.
func (m ResourceManager) Redo(_ rmgr.RedoContext, rec *wal.Record) error {
	if m.Identify(rec.Info) == "" {
		return fmt.Errorf("manager Modules has no operation %02X", rec.Op())
	}
	_, err := Decode(rec.Main)
	return err
}

// Describe prints "kv 1.3.0 [251 kv format 1], ledger 1.0.3 [252 ledger format 1] retiring".
func (ResourceManager) Describe(w io.Writer, rec *wal.Record) {
	s, err := Decode(rec.Main)
	if err != nil {
		fmt.Fprintf(w, "unreadable (%d bytes)", len(rec.Main))
		return
	}
	if len(s.Modules) == 0 {
		fmt.Fprint(w, "no modules")
	}
	for i, m := range s.Modules {
		if i > 0 {
			fmt.Fprint(w, ", ")
		}
		fmt.Fprintf(w, "%s %s [", rmgr.Printable(m.Name), rmgr.Printable(m.Version))
		for j, r := range m.Managers {
			if j > 0 {
				fmt.Fprint(w, "; ")
			}
			fmt.Fprintf(w, "%d %s format %d", r.ID, rmgr.Printable(r.Name), r.Format)
		}
		fmt.Fprint(w, "]")
		if m.Retiring {
			fmt.Fprint(w, " retiring")
		}
	}
}

// Record is the MODULES record for a snapshot.
func Record(s Snapshot) (rmgr.NewRecord, error) {
	main, err := s.Encode()
	return rmgr.NewRecord{Rmgr: wal.RmgrModules, Info: OpModules, Main: main}, err
}

var (
	_ rmgr.Manager   = ResourceManager{}
	_ rmgr.Describer = ResourceManager{}
)

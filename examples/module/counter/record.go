package counter

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// An add is the main data of ADD.
type add struct {
	n      int64
	before int64 // from format 2 on
	name   string
}

func (a add) encode(f rmgr.Format) []byte {
	b := le.AppendUint64([]byte{byte(f)}, uint64(a.n))
	if f >= 2 {
		b = le.AppendUint64(b, uint64(a.before))
	}
	return append(b, a.name...)
}

// parse reads a record that may hold anything.
func parse(rec *wal.Record) (f rmgr.Format, a add, err error) {
	head := 9
	if len(rec.Main) > 0 {
		f = rmgr.Format(rec.Main[0])
	}
	if f == 2 {
		head = 17
	}
	switch {
	case rec.Op() != opAdd:
		return f, a, fmt.Errorf("counter has no operation %02X", rec.Op())
	case !formats.Has(f):
		return f, a, fmt.Errorf("counter: record in format %d: version %s replays formats %d–%d", f, Module.Version, formats.Min, formats.Max)
	case len(rec.Main) <= head || len(rec.Main) > head+nameSize:
		return f, a, fmt.Errorf("counter: malformed record: ADD of %d bytes", len(rec.Main))
	}
	a = add{n: int64(le.Uint64(rec.Main[1:])), name: string(rec.Main[head:])}
	if f >= 2 {
		a.before = int64(le.Uint64(rec.Main[9:]))
	}
	return f, a, checkName(a.name)
}

// Describe is rmgr.Describer.
func (manager) Describe(w io.Writer, rec *wal.Record) {
	f, a, err := parse(rec)
	if err != nil {
		fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
		return
	}
	fmt.Fprintf(w, "%q %+d; format %d", a.name, a.n, f)
}

// Decode is rmgr.Decoder.
func (manager) Decode(rec *wal.Record, format rmgr.Format, emit func(rmgr.Change)) error {
	f, a, err := parse(rec)
	if err != nil {
		return err
	}
	if format != 0 && f != format {
		return fmt.Errorf("counter: record in format %d where format %d is in force", f, format)
	}
	columns := map[string]any{"name": a.name, "n": a.n}
	if f >= 2 {
		columns["value"], columns["old_value"] = a.before+a.n, a.before
	}
	emit(rmgr.Change{Action: "add", Object: "counter", Columns: columns})
	return nil
}

package decoding

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// Database is the OID of the one database; records of others, if the log has any, are not delivered.
const Database = 5

// A Source is the durable log: segment.Source is one.
type Source interface {
	wal.PageSource
	io.Closer
}

// Options of a Decoder. All are required.
type Options struct {
	Source      Source
	SegmentSize uint64
	SystemID    uint64
	Table       *rmgr.Table
	Slot        string  // its name, for errors
	Restart     wal.LSN // where to begin to read
	From        wal.LSN // what commits here or later is delivered
	Output      Output
}

// A Decoder reads the log for one stream. It is for one goroutine, except Restart.
type Decoder struct {
	o        Options
	reader   *wal.Reader
	snapshot modules.Snapshot // in force at the reader's position
	open     open
	marks    marks
	send     func(place, []byte) error // during Read or Step
}

// A place is where an output stands: in a stream, where the last of several at one place carries it
// and the others 0, and in a row of pg_logical_slot_get_changes.
type place struct {
	stream, row wal.LSN
	xid         uint32
}

// NewDecoder begins at o.Restart.
func NewDecoder(o Options) *Decoder {
	d := &Decoder{o: o, open: open{}, marks: marks{start: o.Restart}}
	d.reader = wal.NewReader(o.Source, wal.ReaderOptions{SegmentSize: o.SegmentSize, SystemID: o.SystemID})
	d.reader.Seek(o.Restart)
	return d
}

// batch is how many records Read decodes before its caller may look at other things.
const batch = 128

// Read is replication.Changes.
func (d *Decoder) Read(send func(lsn wal.LSN, data []byte) error) (more bool, err error) {
	d.send = func(at place, data []byte) error { return send(at.stream, data) }
	for range batch {
		if more, err := d.next(); !more || err != nil {
			return false, err
		}
	}
	return true, nil
}

// Step is replication.Changes.
func (d *Decoder) Step(row func(lsn wal.LSN, xid uint32, data []byte) error) (more bool, err error) {
	d.send = func(at place, data []byte) error { return row(at.row, at.xid, data) }
	return d.next()
}

// next decodes one record.
func (d *Decoder) next() (more bool, err error) {
	rec, err := d.reader.Next()
	switch {
	case errors.Is(err, wal.ErrNotYet):
		return false, nil
	case err != nil:
		return false, d.readError(err)
	}
	return true, d.decode(rec)
}

// Position is replication.Changes.
func (d *Decoder) Position() wal.LSN { return d.reader.End() }

// Restart is replication.Changes.
func (d *Decoder) Restart(confirmed wal.LSN) wal.LSN { return d.marks.restart(confirmed) }

// Close is replication.Changes.
func (d *Decoder) Close() error { return d.o.Source.Close() }

func (d *Decoder) readError(err error) error {
	if errors.Is(err, wal.ErrNoPage) {
		return &rmgr.Error{
			Code:    "58P01",
			Message: fmt.Sprintf("requested WAL at %s has already been removed", d.reader.End()),
			Detail:  err.Error(),
			Hint:    fmt.Sprintf("Replication slot %q cannot go on: drop it and make another.", d.o.Slot),
		}
	}
	return &rmgr.Error{Code: "XX001", Message: fmt.Sprintf("could not read WAL at %s for logical decoding: %v", d.reader.End(), err)}
}

// ended takes a record of the Transaction manager.
func (d *Decoder) ended(rec *wal.Record) error {
	op := rec.Info & wal.XactOpMask
	if op != wal.XactCommit && op != wal.XactAbort {
		return nil
	}
	end, err := wal.DecodeXactEnd(rec.Info, rec.Main)
	if err != nil {
		return d.decodeError(rec, "Transaction", err)
	}
	changes, known := d.open.take(rec.Xid, end.Subxacts)
	if !known || op == wal.XactAbort {
		return nil
	}
	return d.deliver(&Transaction{
		Xid: rec.Xid, Commit: rec.LSN, End: rec.End, Changes: changes,
		Time: time.UnixMicro(end.Time + wal.EpochMicros).UTC(),
	})
}

// recovered takes the first record behind a recovery, or the last of a primary: no transaction is open.
func (d *Decoder) recovered(rec *wal.Record) error { return d.atOnce(rec, d.open.takeAll()) }

// atOnce delivers changes that no COMMIT stands for, each as a transaction of its own; a message as it is.
func (d *Decoder) atOnce(rec *wal.Record, changes []Change) error {
	for _, c := range changes {
		t := &Transaction{Commit: rec.LSN, End: rec.End, Changes: []Change{c}}
		if c.Message == nil {
			if err := d.deliver(t); err != nil {
				return err
			}
			continue
		}
		if rec.LSN < d.o.From {
			continue
		}
		if err := d.emit(place{rec.End, c.LSN, 0}, d.o.Output.Change(nil, &c)); err != nil {
			return err
		}
	}
	return nil
}

// deliver sends a transaction, if it is not before the start point.
func (d *Decoder) deliver(t *Transaction) error {
	out := d.o.Output
	if t.Commit < d.o.From || len(t.Changes) == 0 && out.SkipsEmpty() {
		return nil
	}
	first := t.Commit
	if len(t.Changes) > 0 {
		first = t.Changes[0].LSN
	}
	if err := d.emit(place{0, first, t.Xid}, out.Begin(t)); err != nil { // the first change follows at the same place
		return err
	}
	for i := range t.Changes {
		c := &t.Changes[i]
		lsn := c.LSN
		if i+1 < len(t.Changes) && t.Changes[i+1].LSN == lsn {
			lsn = 0
		}
		if err := d.emit(place{lsn, c.LSN, t.Xid}, out.Change(t, c)); err != nil {
			return err
		}
	}
	return d.emit(place{t.End, t.End, t.Xid}, out.Commit(t))
}

func (d *Decoder) emit(at place, data []byte) error {
	if data == nil {
		return nil
	}
	return d.send(at, data)
}

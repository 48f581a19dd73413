package segment

import (
	"errors"

	"github.com/redoubt-wal/redoubt/wal"
)

// An End is where a log ends.
type End struct {
	LSN      wal.LSN        // end of the last valid record
	Last     wal.LSN        // its start: what the next record's xl_prev must be; 0 if there is none
	Timeline wal.TimelineID // of the last page read
	Cause    error          // the *wal.RecordError that ended it, for the log file

	// Lost is the start of a record whose beginning is there and whose continuation is not, or not whole,
	// and Resume the page where that is missing; both 0 if there is none. On the same timeline, insert
	// goes on at Resume with Log.OverwriteContRecord(Lost), because the beginning may have been shipped.
	Lost, Resume wal.LSN
}

// EndOfLog reads from start, where a record starts or ends, to the log's end, calling each (if not nil)
// for every record. A torn tail is a normal end; corruption, a failing disk and each's error are not.
func EndOfLog(r *wal.Reader, start wal.LSN, each func(*wal.Record) error) (End, error) {
	r.Seek(start)
	for {
		rec, err := r.Next()
		if err != nil {
			return endOf(r, err)
		}
		if each != nil {
			if err := each(rec); err != nil {
				return End{}, err
			}
		}
	}
}

func endOf(r *wal.Reader, cause error) (End, error) {
	if !errors.Is(cause, wal.ErrTornTail) {
		return End{}, cause
	}
	e := End{LSN: r.End(), Last: r.Last(), Timeline: r.Timeline(), Cause: cause}
	var at *wal.RecordError
	if errors.As(cause, &at) && at.Missing != 0 {
		e.Lost, e.Resume = at.LSN, at.Missing
	}
	return e, nil
}

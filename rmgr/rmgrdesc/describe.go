package rmgrdesc

import (
	"fmt"
	"io"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// A Printer describes records. The zero value writes as pg_waldump 15 does where it is UTC.
type Printer struct {
	Zone  *time.Location // of times; nil: UTC
	Magic wal.PageMagic  // of the log; 0: PostgreSQL 15's

	// Server prints times as a server does (pg_walinspect): without zeros at the end, and the zone
	// as an offset.
	Server bool
}

// Describe prints a record's contents (rm_desc) if its manager is XLOG, Transaction or Standby, and
// reports whether it is. Of a record that is too short for its operation it says so.
func (p Printer) Describe(w io.Writer, rec *wal.Record) bool {
	var ok bool
	switch rec.Rmgr {
	case wal.RmgrXLOG:
		ok = p.xlog(w, rec)
	case wal.RmgrTransaction:
		ok = p.transaction(w, rec)
	case wal.RmgrStandby:
		ok = p.standby(w, rec)
	default:
		return false
	}
	if !ok {
		fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
	}
	return true
}

// time is a time of a record, microseconds since 2000.
func (p Printer) time(micros int64) string {
	zone := p.Zone
	if zone == nil {
		zone = time.UTC
	}
	layout := "2006-01-02 15:04:05.000000 MST"
	if p.Server {
		layout = "2006-01-02 15:04:05.999999-07"
	}
	return time.UnixMicro(micros + wal.EpochMicros).In(zone).Format(layout)
}

// path is where a relation's files are (relpathperm).
func (p Printer) path(r wal.RelFileLocator) string {
	switch r.Spc {
	case 1664:
		return fmt.Sprintf("global/%d", r.Rel)
	case 1663:
		return fmt.Sprintf("base/%d/%d", r.DB, r.Rel)
	}
	return fmt.Sprintf("pg_tblspc/%d/%s/%d/%d", r.Spc, p.versionDirectory(), r.DB, r.Rel)
}

// versionDirectory is TABLESPACE_VERSION_DIRECTORY.
func (p Printer) versionDirectory() string {
	switch p.Magic {
	case wal.PageMagic16:
		return "PG_16_202307071"
	case wal.PageMagic17:
		return "PG_17_202406281"
	case wal.PageMagic18:
		return "PG_18_202506291"
	}
	return "PG_15_202209061"
}

package control

// A Census says which records one instance may still have to replay, by holder.
type Census struct {
	Instance string   `json:"instance"`
	Holders  []Holder `json:"holders"`
}

// HolderKind is what keeps the log.
type HolderKind string

const (
	HolderWAL     HolderKind = "pg_wal"
	HolderSlot    HolderKind = "slot"
	HolderArchive HolderKind = "archive"
	HolderBackup  HolderKind = "backup"
)

// A Holder keeps a range of log.
type Holder struct {
	Kind    HolderKind    `json:"kind"`
	Name    string        `json:"name"` // of the slot, backup, …; "" for pg_wal
	From    LSN           `json:"from"`
	To      LSN           `json:"to"`
	Unknown bool          `json:"unknown,omitempty"` // may contain anything; Reason says why
	Reason  string        `json:"reason,omitempty"`
	Records []RecordCount `json:"records"` // custom managers only, ascending by ID and format
}

// A RecordCount counts the records of one manager in one format.
type RecordCount struct {
	Rmgr   uint8  `json:"rmgr"`
	Name   string `json:"name,omitempty"`   // manager's name, as the MODULES record had it
	Module string `json:"module,omitempty"` // its module
	Format uint16 `json:"format"`           // 0: not known, may be any
	Count  int64  `json:"count"`
	First  LSN    `json:"first"` // start of the first
	Last   LSN    `json:"last"`  // start of the last
}

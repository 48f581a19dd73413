package wal

// RmgrID is the resource manager number in every record header (xl_rmid).
type RmgrID uint8

// On disk: never renumber. PostgreSQL's built-in managers (access/rmgrlist.h), then ours.
const (
	RmgrXLOG           RmgrID = 0
	RmgrTransaction    RmgrID = 1
	RmgrStandby        RmgrID = 8
	RmgrGeneric        RmgrID = 20
	RmgrLogicalMessage RmgrID = 21

	// RmgrExperimental is PostgreSQL's RM_EXPERIMENTAL_ID, for development only.
	RmgrExperimental RmgrID = 128
	// RmgrModules carries the MODULES record: manifest and formats in force.
	RmgrModules RmgrID = 250

	RmgrMaxBuiltin RmgrID = 21
	RmgrMinCustom  RmgrID = 128
	RmgrMaxCustom  RmgrID = 255
)

// Custom reports whether id lies in the range for custom managers, 128 to 255.
func (id RmgrID) Custom() bool { return id >= RmgrMinCustom }

// Valid reports whether a record may carry id: built in (0–21) or custom (128–255).
func (id RmgrID) Valid() bool { return id <= RmgrMaxBuiltin || id.Custom() }

// Package counter is a module that keeps named counters: SELECT counter_add('visits', 1).
//
//	16 pages     rmgr.Rel(200, 0); a counter lies on the page that its name's hash says
//	page         header, 24 bytes │ slot… in the order of creation ──► hole
//	slot         name, 32 bytes, filled up with zeros │ value i64
//
//	ADD 00 page  (1)  1 u8 │ n i64 │ name
//	             (2)  2 u8 │ n i64 │ value before i64 │ name
//
// Format 2 (since 1.1.0) says the value before, so that redo finds a replica that has another one, and
// decoding clients see both. Version 1.1.0 writes and replays both formats: a cluster on 1.0.0 gets
// the new image while 1 is in force, and 2 is raised when every instance replays it. The pages are the
// same for both. A 2.0.0 might drop format 1; the gate would hold its rollout until no log has it.
package counter

import (
	"encoding/binary"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// ID is the resource manager's ID. On disk: never renumber. Reserve yours (kind ResourceManager).
const ID wal.RmgrID = 200

// Operations. On disk: never renumber.
const opAdd uint8 = 0x00

// On disk: never change.
const (
	pages    = 16
	nameSize = 32
	slotSize = nameSize + 8
)

var (
	relation = rmgr.Rel(ID, 0)
	formats  = rmgr.FormatRange{Min: 1, Max: 2}
	le       = binary.LittleEndian
)

// Module is what a node is built with.
var Module = rmgr.Module{
	Name: "counter", Version: "1.1.0",
	Managers:  []rmgr.Registration{{ID: ID, Manager: manager{}, Writes: formats, Replays: formats}},
	Functions: functions(),
}

type manager struct{}

var (
	_ rmgr.Manager   = manager{}
	_ rmgr.Describer = manager{} // and those that are optional
	_ rmgr.Masker    = manager{}
	_ rmgr.Decoder   = manager{}
)

// Name is rmgr.Manager.
func (manager) Name() string { return "counter" }

// Identify is rmgr.Manager.
func (manager) Identify(info uint8) string {
	if info&0xF0 == opAdd {
		return "ADD"
	}
	return ""
}

// Mask is rmgr.Masker: nothing may differ but what PostgreSQL's header holds.
func (manager) Mask(page []byte, _ uint32) { rmgr.MaskPage(page) }

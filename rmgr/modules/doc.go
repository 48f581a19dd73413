// Package modules is the MODULES record (resource manager 250): which modules the writing node has
// loaded, in which versions, and which record format is in force for each of their managers. It
// closes the gap PostgreSQL leaves, that nothing in the log tells which extension, in which version,
// its custom records need.
//
//	main data: one JSON document, no block references
//	{"apiVersion":"redoubt.dev/modules/v1",
//	 "modules":[{"name":"kv","version":"1.3.0","retiring":true,
//	             "rmgrs":[{"id":251,"name":"kv","writes":{…},"replays":{…},"format":1}]}],
//	 "departed":[{"module":"ledger","version":"1.0.3","id":252,"name":"ledger","format":1}]}
//
// The record is the first from every redo point on, and is written again after promotion and at
// every change. So a reader that starts at a redo point knows the format of every custom record:
// the one of the last MODULES record before it.
//
// Invariants: a format in force never goes down by command, and rises only by command ([Snapshot.WithFormat]),
// never because a newer module was loaded ([Snapshot.Merge]). Redo changes no page; the engine keeps
// the last snapshot. Everything here is a value: methods return changed copies.
package modules

// Package crash kills the real node binary with SIGKILL under load, over and over, and looks for every
// write that a client was told of.
//
//	start ─► load from several clients ─► SIGKILL at a random acknowledgement ─► start …
//	           │ checkpoints, switches         (perhaps killed again in recovery)    │
//	           ▼                                                                     ▼
//	        what was acknowledged, per client  ◄──── compared ────  kv_range, kv_count, ledger_total
//
// A client that is cut off in the middle of a write does not know its fate: that one may be there or not.
// Everything before must be there, and nothing else may. The second story has a synchronous standby:
// the primary is killed, the standby (killed as well in some rounds) is promoted and must have it all.
//
// `go test` runs a few rounds; `make crash` runs 500 and 100.
package crash

// Package disk is a disk in memory whose power can be cut and whose requests can be made to fail. It
// knows nothing of how the kernel comes to it: see package attach.
//
//	WriteAt ──► cache (volatile) ──Flush──► platter (durable)
//	               │
//	               └── Cut, Restore: each write that no Flush has covered survives or vanishes
//
// It promises what a real disk promises, and nothing beyond:
//   - What was written before a Flush began is durable when the Flush has returned without an error.
//   - A block of 4096 bytes is written whole or not at all; with Torn, blocks that hold pages of the
//     log or of data files are written whole by sectors of 512 bytes only. File systems rely on more
//     for their own blocks, so these are never torn.
//   - Nothing is said about the order of writes between two flushes.
//
// What survives depends on the random source that Restore is given and on nothing else. There are no
// goroutines and no clock here. All methods may be called concurrently.
package disk

// Package floor is the least Go code that does a log's work. It is the practical limit that a log in
// Go can be compared with, not a log to use: no segments, no positions, no page headers, no recovery.
//
//		record: length u32 │ CRC-32C u32 │ payload
//
//	  - One mutex, one buffer that fills, one that is being written.
//	  - The checksum is taken before the mutex, the copy under it.
//	  - The first of those who wait writes for all (a leader, no goroutine of its own), into one
//	    zero-filled file that is overwritten in a circle: one pwrite and one fdatasync a group.
//	  - The leader yields once before it takes its group, so that those whom the last group woke join.
//	  - A group is woken by closing one channel.
package floor

package buffer

import "syscall"

const madvPopulateWrite = 23 // MADV_POPULATE_WRITE, since Linux 5.14

// populate has the kernel give b memory now and not at the first touch of each page; others may use b
// meanwhile. An older kernel refuses, and the first touch does it.
func populate(b []byte) { _ = syscall.Madvise(b, madvPopulateWrite) }

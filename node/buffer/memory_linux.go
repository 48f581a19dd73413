package buffer

import (
	"syscall"
	"unsafe"
)

const (
	hugePage          = 2 << 20
	madvHugePage      = 14 // MADV_HUGEPAGE
	madvPopulateWrite = 23 // MADV_POPULATE_WRITE, since Linux 5.14
)

// preferHugePages asks the kernel for huge pages wherever whole ones fit into b. It is free to refuse.
func preferHugePages(b []byte) {
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) % hugePage)
	if len(b)-skip < hugePage {
		return
	}
	whole := b[skip : skip+(len(b)-skip)/hugePage*hugePage]
	_ = syscall.Madvise(whole, madvHugePage)
}

// populate has the kernel give b memory now and not at the first touch of each page; others may use b
// meanwhile. An older kernel refuses, and the first touch does it.
func populate(b []byte) { _ = syscall.Madvise(b, madvPopulateWrite) }

package buffer

import (
	"syscall"
	"unsafe"
)

const (
	hugePage     = 2 << 20
	madvHugePage = 14 // MADV_HUGEPAGE
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

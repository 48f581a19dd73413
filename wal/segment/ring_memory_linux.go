package segment

import "syscall"

const madvHugePage = 14 // MADV_HUGEPAGE

// preferHugePages asks the kernel, which is free to refuse.
func preferHugePages(b []byte) { _ = syscall.Madvise(b, madvHugePage) }

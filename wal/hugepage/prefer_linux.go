package hugepage

import "syscall"

const madvHugePage = 14 // MADV_HUGEPAGE

func prefer(whole []byte) { _ = syscall.Madvise(whole, madvHugePage) }

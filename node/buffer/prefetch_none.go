//go:build !amd64 && !arm64

package buffer

import "unsafe"

func prefetchLine(unsafe.Pointer) {}
func prefetchPage(unsafe.Pointer) {}

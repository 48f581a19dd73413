//go:build amd64 || arm64

package buffer

import "unsafe"

// prefetchLine asks for the cache line at p.
//
//go:noescape
func prefetchLine(p unsafe.Pointer)

// prefetchPage asks for the parts of the page at p that redo looks at first: the header, the first line
// pointers, and the special space at the end.
//
//go:noescape
func prefetchPage(p unsafe.Pointer)

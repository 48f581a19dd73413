//go:build !purego

package segment

// prefetchWrite asks for the two cache lines at p, which may be in the other processor's cache since it
// wrote them out, before they are written to. It is a hint: any address will do.
//
//go:noescape
func prefetchWrite(p *byte)

//go:build !purego && !race

package segment

import "sync/atomic"

// publish is a.Store(v) for one who unlocks a mutex next: readers may see v a little later than with
// Store, never before what was written earlier. Store would empty the processor's store buffer, which
// Unlock does anyway.
//
//go:noescape
func publish(a *atomic.Uint64, v uint64)

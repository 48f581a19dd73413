//go:build !amd64 || purego || race

package segment

import "sync/atomic"

func publish(a *atomic.Uint64, v uint64) { a.Store(v) }

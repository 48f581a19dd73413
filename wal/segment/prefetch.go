//go:build !amd64 || purego

package segment

func prefetchWrite(*byte) {}

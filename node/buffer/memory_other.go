//go:build !linux

package buffer

func populate([]byte) {}

//go:build !linux

package buffer

func preferHugePages([]byte) {}

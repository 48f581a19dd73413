//go:build !linux

package segment

func preferHugePages([]byte) {}

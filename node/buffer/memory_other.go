//go:build !linux

package buffer

func preferHugePages([]byte) {}

func populate([]byte) {}

//go:build !linux

package vfs

import "os"

// datasync makes a file's bytes and size durable. Nodes run on Linux; this is for developers elsewhere.
func datasync(f *os.File) error { return f.Sync() }

func startSync(*os.File) error { return nil }

func forget(*os.File) error { return nil }

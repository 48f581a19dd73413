package main

import (
	"os"

	"golang.org/x/sys/unix"
)

func mkdir(name string) error { return os.MkdirAll(name, 0o755) }

// settle waits until the file system has written what preparing a run has left behind.
func settle(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}

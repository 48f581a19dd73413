// Package vfs is the files that a node works on, behind a small interface, so that a test can cut the
// power before any operation and look at every state that a disk may then hold.
//
//	OS       the real ones; Sync is fdatasync, Lock is flock
//	Mem      in memory; knows for each sector of 512 bytes and each directory entry what is durable
//	Fault    wraps another and fails chosen operations: EIO from the third fsync, ENOSPC, short writes
//	Patient  wraps another and waits for file descriptors
//
// It says nothing about the contents of files and imports the standard library only. Nothing here
// starts goroutines or, but for Patient, looks at the time, so that Mem works in a testing/synctest bubble.
package vfs

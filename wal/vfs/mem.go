package vfs

import (
	"io"
	"io/fs"
)

// Mem is a file system in memory that knows what a power cut would leave.
type Mem struct{}

// NewMem returns an empty file system.
func NewMem() *Mem { return &Mem{} }

func (m *Mem) OpenFile(name string, flag int, perm fs.FileMode) (File, error) { panic("not yet") }
func (m *Mem) Rename(oldName, newName string) error                           { panic("not yet") }
func (m *Mem) Remove(name string) error                                       { panic("not yet") }
func (m *Mem) MkdirAll(name string, perm fs.FileMode) error                   { panic("not yet") }
func (m *Mem) ReadDir(name string) ([]fs.DirEntry, error)                     { panic("not yet") }
func (m *Mem) Stat(name string) (fs.FileInfo, error)                          { panic("not yet") }
func (m *Mem) SyncDir(name string) error                                      { panic("not yet") }
func (m *Mem) Lock(name string) (io.Closer, error)                            { panic("not yet") }

// Record starts to remember every operation, for Ops and Crash.
func (m *Mem) Record() { panic("not yet") }

// Ops is how many operations changed something since Record.
func (m *Mem) Ops() int { panic("not yet") }

// Crash returns a new file system with what a power cut before operation number op may leave; each
// variant below Variants is another outcome. Deterministic.
func (m *Mem) Crash(op, variant int) *Mem { panic("not yet") }

// PowerCut is Crash now; it needs no Record.
func (m *Mem) PowerCut(variant int) *Mem { panic("not yet") }

package vfs

import (
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
)

// Operations that a Rule can name.
const (
	OpOpen      = "open"
	OpCreate    = "create" // an open with os.O_CREATE
	OpRead      = "read"
	OpWrite     = "write"
	OpSync      = "sync"
	OpStartSync = "startsync"
	OpTrunc     = "truncate"
	OpRename    = "rename" // matched by the new name
	OpRemove    = "remove"
	OpMkdir     = "mkdir"
	OpReadDir   = "readdir"
	OpStat      = "stat"
	OpSyncDir   = "syncdir"
	OpLock      = "lock"
)

// A Rule makes operations fail. The zero value of a field means "any" or "always".
type Rule struct {
	Op    string // one of the Op constants
	Path  string // a path.Match pattern for the base name, "*.history"
	After int    // let this many matching operations pass first
	Times int    // then fail this many
	Err   error  // nil: the operation is carried out (useful with Before)

	// Short makes a failing write leave its first Short bytes behind, as a full disk does.
	Short int
	// Before runs before the operation, to block it or to look.
	Before func(op, name string)

	seen int
}

// Fault is a file system that fails as its rules say; the first rule that matches decides.
type Fault struct {
	fs    FS
	mu    sync.Mutex
	rules []*Rule
}

// NewFault wraps a file system.
func NewFault(fsys FS, rules ...*Rule) *Fault { return &Fault{fs: fsys, rules: rules} }

// Add adds rules; they come after those that are there.
func (f *Fault) Add(rules ...*Rule) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, rules...)
}

// Clear removes all rules.
func (f *Fault) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// check returns the rule that fails this operation, nil if it may pass.
func (f *Fault) check(op, name string) *Rule {
	rule, before := f.match(op, name)
	if before != nil {
		before(op, name)
	}
	return rule
}

func (f *Fault) match(op, name string) (failing *Rule, before func(op, name string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.Op != "" && r.Op != op && !(r.Op == OpOpen && op == OpCreate) {
			continue
		}
		if ok, _ := path.Match(r.Path, path.Base(name)); r.Path != "" && !ok {
			continue
		}
		r.seen++
		if r.seen <= r.After || r.Times != 0 && r.seen > r.After+r.Times {
			continue
		}
		if r.Err == nil {
			return nil, r.Before
		}
		return r, r.Before
	}
	return nil, nil
}

func (f *Fault) err(op, name string) error {
	if r := f.check(op, name); r != nil {
		return fail(op, name, r.Err)
	}
	return nil
}

func (f *Fault) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	op := OpOpen
	if flag&os.O_CREATE != 0 {
		op = OpCreate
	}
	if err := f.err(op, name); err != nil {
		return nil, err
	}
	file, err := f.fs.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultFile{file, f}, nil
}

func (f *Fault) Rename(oldName, newName string) error {
	if err := f.err(OpRename, newName); err != nil {
		return err
	}
	return f.fs.Rename(oldName, newName)
}

func (f *Fault) Remove(name string) error {
	if err := f.err(OpRemove, name); err != nil {
		return err
	}
	return f.fs.Remove(name)
}

func (f *Fault) MkdirAll(name string, perm fs.FileMode) error {
	if err := f.err(OpMkdir, name); err != nil {
		return err
	}
	return f.fs.MkdirAll(name, perm)
}

func (f *Fault) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.err(OpReadDir, name); err != nil {
		return nil, err
	}
	return f.fs.ReadDir(name)
}

func (f *Fault) Stat(name string) (fs.FileInfo, error) {
	if err := f.err(OpStat, name); err != nil {
		return nil, err
	}
	return f.fs.Stat(name)
}

func (f *Fault) SyncDir(name string) error {
	if err := f.err(OpSyncDir, name); err != nil {
		return err
	}
	return f.fs.SyncDir(name)
}

func (f *Fault) Lock(name string) (io.Closer, error) {
	if err := f.err(OpLock, name); err != nil {
		return nil, err
	}
	return f.fs.Lock(name)
}

// faultFile asks the rules by the name the file was opened with.
type faultFile struct {
	File
	fault *Fault
}

func (f *faultFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fault.err(OpRead, f.Name()); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *faultFile) WriteAt(p []byte, off int64) (int, error) {
	if r := f.fault.check(OpWrite, f.Name()); r != nil {
		n, _ := f.File.WriteAt(p[:min(r.Short, len(p))], off)
		return n, fail(OpWrite, f.Name(), r.Err)
	}
	return f.File.WriteAt(p, off)
}

func (f *faultFile) Sync() error {
	if err := f.fault.err(OpSync, f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.fault.err(OpTrunc, f.Name()); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

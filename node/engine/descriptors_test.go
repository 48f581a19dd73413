package engine_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// opens are the files that a node opens while it works, and cannot go on without.
var opens = map[string]vfs.Rule{
	"a segment of the log":     {Op: vfs.OpOpen, Path: "00000001*"},
	"pg_control":               {Op: vfs.OpCreate, Path: "pg_control"},
	"a directory of relations": {Op: vfs.OpSyncDir, Path: "5"},
}

// useAll writes more than a segment, and a checkpoint: every file of opens is opened.
func useAll(s store) error {
	for i := range 12 {
		if err := s.tryPut(key(i), strings.Repeat("x", 100_000)); err != nil {
			return err
		}
	}
	return s.Checkpoint(context.Background())
}

// Too many open files say nothing of the disk, and pass.
func TestANodeWaitsForFileDescriptors(t *testing.T) {
	for what, rule := range opens {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := vfs.NewFault(vfs.NewMem())
				s, _ := newStore(t, f)
				defer s.Abort()
				rule.Times, rule.Err = 50, syscall.EMFILE
				f.Add(&rule)
				if err := useAll(s); err != nil {
					t.Fatal(err)
				}
				if s.Err() != nil {
					t.Error(s.Err())
				}
			})
		})
	}
}

// If they do not pass the node ends, and the next one goes on as if it had been killed.
func TestANodeWithoutFileDescriptorsEndsAndIsNotSuspect(t *testing.T) {
	for what, rule := range opens {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := vfs.NewFault(vfs.NewMem())
				s, o := newStore(t, f)
				s.put("a", "1")
				rule.Err = syscall.ENFILE
				f.Add(&rule)
				if err := useAll(s); err == nil {
					t.Fatal("no file was opened")
				}
				<-s.Failed()
				if s.Suspect() != "" {
					t.Errorf("suspect, though no write has failed: %s", s.Suspect())
				}
				s.Abort()
				f.Clear()
				s = storeOf(t, primary(t, o), o)
				defer s.Abort()
				if got := s.get("a"); got != "1" {
					t.Errorf("a is %v", got)
				}
				s.put("b", "2")
			})
		})
	}
}

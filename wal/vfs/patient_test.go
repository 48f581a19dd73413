package vfs_test

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func TestPatientWaitsForDescriptorsAndForNothingElse(t *testing.T) {
	opens := map[string]func(vfs.FS) error{
		vfs.OpCreate: func(fsys vfs.FS) error {
			f, err := fsys.OpenFile("/f", os.O_RDWR|os.O_CREATE, 0o600)
			if err == nil {
				err = f.Close()
			}
			return err
		},
		vfs.OpReadDir: func(fsys vfs.FS) error { _, err := fsys.ReadDir("/"); return err },
		vfs.OpSyncDir: func(fsys vfs.FS) error { return fsys.SyncDir("/") },
	}
	for op, open := range opens {
		for name, c := range map[string]struct {
			rule vfs.Rule
			want error
			wait bool
		}{
			"one comes free":           {vfs.Rule{Times: 10, Err: syscall.EMFILE}, nil, true},
			"the machine has some now": {vfs.Rule{Times: 10, Err: syscall.ENFILE}, nil, true},
			"none comes free":          {vfs.Rule{Err: syscall.EMFILE}, syscall.EMFILE, true},
			"the disk fails":           {vfs.Rule{Times: 1, Err: syscall.EIO}, syscall.EIO, false},
		} {
			t.Run(op+": "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c.rule.Op = op
					began := time.Now()
					if err := open(vfs.Patient(vfs.NewFault(vfs.NewMem(), &c.rule))); !errors.Is(err, c.want) {
						t.Errorf("got %v, want %v", err, c.want)
					}
					if waited := time.Since(began); (waited > 0) != c.wait || waited > 11*time.Second {
						t.Errorf("waited %s", waited)
					}
				})
			})
		}
	}
}

package attach_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/redoubt-wal/redoubt/test/power/attach"
	"github.com/redoubt-wal/redoubt/test/power/disk"
)

func TestMain(m *testing.M) {
	code, outside := attach.InNamespace()
	if !outside {
		code = m.Run()
	}
	os.Exit(code)
}

// TestOnlyWhatWasSyncedIsThereAfterAPowerCut shows that fsync in a real file system comes to the disk
// as a flush, and that nothing else does.
func TestOnlyWhatWasSyncedIsThereAfterAPowerCut(t *testing.T) {
	for _, kind := range []attach.Kind{attach.Ext4, attach.XFS} {
		t.Run(string(kind), func(t *testing.T) {
			v, err := attach.NewVolume(kind, t.TempDir())
			must(t, err)
			defer v.Close()
			must(t, v.Mount())
			shell(t, v.Dir, `echo kept >synced; sync synced .; echo gone >written`)
			v.Disk.Cut()
			must(t, v.Unmount())
			v.Disk.Restore(rand.New(rand.NewPCG(1, 1)), disk.Nothing)
			must(t, v.Mount())
			shell(t, v.Dir, `test "$(cat synced)" = kept; test ! -s written`)
			must(t, v.Unmount())
		})
	}
}

func TestAFailedWriteIsReportedToFsync(t *testing.T) {
	for _, kind := range []attach.Kind{attach.Ext4, attach.XFS} {
		t.Run(string(kind), func(t *testing.T) {
			v, err := attach.NewVolume(kind, t.TempDir())
			must(t, err)
			defer v.Close()
			must(t, v.Mount())
			mark := func(b []byte) bool { return string(b[:4]) == "mark" }
			v.Disk.Fail(&disk.Fault{Op: disk.Write, Block: mark, Times: 1, Err: os.ErrInvalid})
			shell(t, v.Dir, `
				set +e
				dd if=/dev/zero bs=4096 count=1 status=none | sed 's/^..../mark/' >file
				sync -d file 2>err && exit 1
				grep -q 'Input/output error' err
				sync -d file # and never again: why the node may not ask twice
			`)
			must(t, v.Unmount())
		})
	}
}

func shell(t *testing.T, dir, script string) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = filepath.Clean(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s%s", err, script, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package node

import (
	"fmt"
	"testing"

	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// dirWith makes a durable directory with one file.
func dirWith(t *testing.T, fsys vfs.FS, dir, contents string) {
	t.Helper()
	if err := fsys.MkdirAll(dir+"/sub", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := vfs.WriteFile(fsys, dir+"/sub/f", []byte(contents), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, "/n", "/"} {
		if err := fsys.SyncDir(d); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever moment the power goes at, the next start has either the old directory or the whole copy,
// and the copy if the plan was told to be durable.
func TestSwapIsFinishedAfterACrashAnywhere(t *testing.T) {
	mem := vfs.NewMem()
	if err := mem.MkdirAll("/n", 0o700); err != nil {
		t.Fatal(err)
	}
	dirWith(t, mem, "/n/data", "old")
	dirWith(t, mem, "/n/data.new", "new")
	mem.Record()
	n := &Node{opts: Options{FS: mem, Dir: "/n/data"}, settings: config.Defaults()}
	if err := vfs.WriteFile(mem, "/n/data"+suffixSwap, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	planned := mem.Ops()
	if err := n.finishSwap(); err != nil {
		t.Fatal(err)
	}
	for at := range mem.Ops() + 1 {
		for variant := range vfs.Variants {
			t.Run(fmt.Sprintf("crash before operation %d, variant %d", at, variant), func(t *testing.T) {
				after := mem.Crash(at, variant)
				restarted := &Node{opts: Options{FS: after, Dir: "/n/data"}, settings: config.Defaults()}
				if err := restarted.finishSwap(); err != nil {
					t.Fatal(err)
				}
				got, err := vfs.ReadFile(after, "/n/data/sub/f")
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != "new" && (at >= planned || string(got) != "old") {
					t.Errorf("the directory is the %q one", got)
				}
				for _, suffix := range []string{suffixNew, suffixOld, suffixSwap} {
					if there, _ := vfs.Exists(after, "/n/data"+suffix); there {
						t.Errorf("%s is left over", suffix)
					}
				}
			})
		}
	}
}

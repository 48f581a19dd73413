package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

func TestOnlyWhatWeStartedIsKilled(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	ours, err := findProcess(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pid")
	if err := ours.save(path); err != nil {
		t.Fatal(err)
	}
	saved, err := loadProcess(path)
	if err != nil || saved != ours {
		t.Fatalf("saved %v, loaded %v and %v", ours, saved, err)
	}
	another := process{ours.pid, ours.began + "1"} // the number, used again
	if another.alive() {
		t.Error("a process that began at another time is taken for ours")
	}
	if err := another.kill(); err != nil || !ours.alive() {
		t.Error("it was killed")
	}
	if err := ours.kill(); err != nil || ours.alive() {
		t.Errorf("ours was not killed: %v", err)
	}
}

func TestDownRefusesWhatIsNotACluster(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "precious"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (Cluster{State: layout.State(dir)}).checkState(); err == nil {
		t.Error("a directory with other things in it passes for a cluster's state")
	}
}

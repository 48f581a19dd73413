package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redoubt-wal/redoubt/test/kube/cgroup"
	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// Down ends the cluster and removes everything of it, whether it was up, half
// up or down. Pods get no time to stop: their data goes with them.
func (c Cluster) Down() error {
	if err := c.checkState(); err != nil {
		return err
	}
	var failed error
	for _, machine := range layout.Machines() {
		p, err := loadProcess(c.State.PID(machine))
		if err != nil {
			continue // it was never started
		}
		failed = errors.Join(failed, p.kill())
	}
	return errors.Join(failed, c.removeCgroups(), unmountBelow(string(c.State)), os.RemoveAll(string(c.State)))
}

// checkState keeps a slip in --state from removing something else.
func (c Cluster) checkState() error {
	entries, err := os.ReadDir(string(c.State))
	if os.IsNotExist(err) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.State.Volumes()); err != nil {
		return fmt.Errorf("%s does not look like the state of a cluster: remove it yourself if it is one", c.State)
	}
	return nil
}

func (c Cluster) makeCgroups() error {
	for _, node := range layout.Nodes() {
		if err := cgroup.Make(c.State.NodeCgroup(node)); err != nil {
			return err
		}
	}
	return nil
}

// removeCgroups tries for a while: the kernel takes a moment to see that a
// cgroup is empty.
func (c Cluster) removeCgroups() error {
	deadline := time.Now().Add(5 * time.Second)
	for {
		err := cgroup.Remove(c.State.Cgroup())
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// unmountBelow ends what should not be there, since nodes mount in namespaces
// of their own; removing files through a mount would be worse than a check.
func unmountBelow(directory string) error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	var failed error
	for line := range strings.Lines(string(mounts)) {
		at := strings.Fields(line)[1]
		if rest, err := filepath.Rel(directory, at); err == nil && filepath.IsLocal(rest) {
			if err := syscall.Unmount(at, syscall.MNT_DETACH); err != nil {
				failed = errors.Join(failed, fmt.Errorf("unmount %s: %w", at, err))
			}
		}
	}
	return failed
}

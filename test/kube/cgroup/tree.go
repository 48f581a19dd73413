package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// root is where the hierarchies are mounted.
const root = "/sys/fs/cgroup"

// Make creates a cgroup, a path that begins with a slash, in every hierarchy.
func Make(path string) error {
	for _, hierarchy := range hierarchies() {
		at := hierarchy
		for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
			passControllers(at)
			parent := at
			at = filepath.Join(at, name)
			if err := os.Mkdir(at, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("make the cgroup %s: %w", at, err)
			}
			inheritCPUs(parent, at)
		}
	}
	return nil
}

// Remove removes a cgroup and all below it; no process may be left in it.
func Remove(path string) error {
	var failed error
	for _, hierarchy := range hierarchies() {
		var found []string
		_ = filepath.WalkDir(filepath.Join(hierarchy, path), func(at string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				found = append(found, at)
			}
			return nil
		})
		for _, at := range slices.Backward(found) {
			if err := os.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}

// hierarchies are all mounted ones, or the only one there is in version 2.
func hierarchies() []string {
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		return []string{root}
	}
	found, _ := filepath.Glob(filepath.Join(root, "*"))
	return slices.DeleteFunc(found, func(path string) bool {
		info, err := os.Lstat(path)
		return err != nil || !info.IsDir() // "cpu,cpuacct" has links beside it
	})
}

// passControllers lets the children of a version 2 cgroup use what it may use.
// Best effort: runc says which controller it misses.
func passControllers(at string) {
	controllers, err := os.ReadFile(filepath.Join(at, "cgroup.controllers"))
	if err != nil {
		return
	}
	for controller := range strings.FieldsSeq(string(controllers)) {
		_ = os.WriteFile(filepath.Join(at, "cgroup.subtree_control"), []byte("+"+controller), 0)
	}
}

// inheritCPUs fills in what a version 1 cpuset does not inherit by itself and
// without which no process can enter it.
func inheritCPUs(parent, at string) {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		if value, err := os.ReadFile(filepath.Join(parent, file)); err == nil {
			_ = os.WriteFile(filepath.Join(at, file), value, 0)
		}
	}
}

package host

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// Check says everything that keeps a cluster from running here, each with its
// remedy, or returns nil.
func Check() error {
	var missing []string
	if runtime.GOOS != "linux" {
		missing = append(missing, "nodes are made of Linux namespaces and this is "+runtime.GOOS)
	} else if os.Geteuid() != 0 {
		missing = append(missing, "root is needed for namespaces and mounts: use sudo")
	} else if err := tryNamespaces(); err != nil {
		missing = append(missing, "namespaces cannot be made here ("+err.Error()+"): a container would have to be privileged")
	}
	if runtime.GOOS == "linux" && !hasCgroups() {
		missing = append(missing, "no cgroups are mounted below /sys/fs/cgroup: mount them, of either version")
	}
	if packages := MissingPackages(); len(packages) > 0 {
		missing = append(missing, "Debian packages are missing: run `localkube install` for "+strings.Join(packages, " "))
	}
	if len(missing) == 0 {
		return nil
	}
	if docker := CheckKind(); docker == nil {
		missing = append(missing, "but Docker and kind work here: use KUBE=kind")
	} else {
		missing = append(missing, "nor can kind be used instead: "+docker.Error())
	}
	return errors.New("no cluster can run on this machine:\n  - " + strings.Join(missing, "\n  - "))
}

// CheckKind says what keeps kind from running here.
func CheckKind() error {
	if !has("docker") {
		return errors.New("docker is not installed")
	}
	if text, err := exec.Command("docker", "info").CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		return fmt.Errorf("`docker info` fails: %s", lines[len(lines)-1])
	}
	for _, program := range []string{"kind", "kubectl"} {
		if !has(program) {
			return fmt.Errorf("%s is not installed", program)
		}
	}
	return nil
}

func hasCgroups() bool {
	for _, file := range []string{"cgroup.controllers", "memory"} { // version 2, version 1
		if _, err := os.Stat("/sys/fs/cgroup/" + file); err == nil {
			return true
		}
	}
	return false
}

func tryNamespaces() error {
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS,
	}
	return cmd.Run()
}

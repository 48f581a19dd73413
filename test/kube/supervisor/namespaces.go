package supervisor

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Namespaces are the flags with which a supervisor has to be cloned.
const Namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS

// becomeMachine makes the fresh namespaces look like a machine of its own.
func becomeMachine(m Machine) error {
	if err := syscall.Sethostname([]byte(m.Name)); err != nil {
		return fmt.Errorf("set the host name of %s: %w", m.Name, err)
	}
	// First cut the mounts off from the outside, then share them inside: the
	// kubelet's mounts have to reach containerd and its containers.
	for _, propagation := range []uintptr{syscall.MS_PRIVATE, syscall.MS_SHARED} {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|propagation, ""); err != nil {
			return fmt.Errorf("separate the mounts of %s: %w", m.Name, err)
		}
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc in %s: %w", m.Name, err)
	}
	if err := bindAll(m); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return fmt.Errorf("let %s forward packets: %w", m.Name, err)
	}
	return nil
}

// bindAll opens every source before it binds any: a bind may hide the sources
// of those after it.
func bindAll(m Machine) error {
	for i, b := range m.Binds {
		fd, err := syscall.Open(b.Source, unix.O_PATH|syscall.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("show %s as %s in %s: %w", b.Source, b.Target, m.Name, err)
		}
		defer syscall.Close(fd)
		m.Binds[i].Source = fmt.Sprintf("/proc/self/fd/%d", fd)
	}
	for _, b := range m.Binds {
		if err := syscall.Mount(b.Source, b.Target, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s in %s: %w", b.Target, m.Name, err)
		}
	}
	return nil
}

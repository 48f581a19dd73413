package attach

import (
	"os"
	"os/exec"
	"syscall"
)

// inside tells a process that it is the copy in the namespace.
const inside = "POWER_IN_NAMESPACE"

// InNamespace runs this program once more in a mount namespace of its own and returns its exit code;
// in that copy it returns false. Mounts, and the loop devices under them, end with the copy.
func InNamespace() (code int, outside bool) {
	if os.Getenv(inside) != "" {
		return 0, false
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		if cmd.ProcessState == nil {
			os.Stderr.WriteString("a mount namespace of its own (root is needed): " + err.Error() + "\n")
		}
		return 1, true
	}
	return 0, true
}

package host

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Install installs the missing packages with apt-get and tells out what it
// does.
func Install(out io.Writer) error {
	missing := MissingPackages()
	if len(missing) == 0 {
		return nil
	}
	if !has("apt-get") {
		return fmt.Errorf("there is no apt-get here; install these yourself: %s", strings.Join(missing, " "))
	}
	if os.Geteuid() != 0 {
		return errors.New("packages can only be installed by root; run this: apt-get install --no-install-recommends " + strings.Join(missing, " "))
	}
	fmt.Fprintf(out, "installing from Debian: %s\n", strings.Join(missing, " "))
	install := append([]string{"install", "--yes", "--no-install-recommends", "-o=Dpkg::Use-Pty=0"}, missing...)
	if aptGet(install...) != nil { // most often because the lists are old or missing
		if err := aptGet("update"); err != nil {
			return err
		}
		if err := aptGet(install...); err != nil {
			return err
		}
	}
	if strings.Contains(strings.Join(missing, " "), "containerd") {
		return stopContainerd(out)
	}
	return nil
}

// stopContainerd ends the service that the package may have started: we run a
// containerd of our own in each node. It is only called if we installed it.
func stopContainerd(out io.Writer) error {
	if !has("systemctl") || exec.Command("systemctl", "is-active", "--quiet", "containerd").Run() != nil {
		return nil
	}
	fmt.Fprintln(out, "stopping the containerd service that the package has started")
	if text, err := exec.Command("systemctl", "disable", "--now", "containerd").CombinedOutput(); err != nil {
		return fmt.Errorf("stop the service containerd: %w: %s", err, text)
	}
	return nil
}

func aptGet(args ...string) error {
	cmd := exec.Command("apt-get", append([]string{"-qq"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w: %s", strings.Join(args, " "), err, text)
	}
	return nil
}

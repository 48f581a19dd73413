package host

import (
	"os"
	"os/exec"
)

// needed are the programs that the cluster runs, and who brings them.
var needed = []struct{ program, debianPackage string }{
	{"containerd", "containerd"},
	{"containerd-shim-runc-v2", "containerd"},
	{"runc", "runc"},
	{"/usr/lib/cni/ptp", "containernetworking-plugins"},
	{"ip", "iproute2"},
	{"iptables", "iptables"}, // the kubelet marks packets with it
	{"nft", "nftables"},
	{"conntrack", "conntrack"},
	{"nsenter", "util-linux"},
	{"mount", "mount"},
}

// MissingPackages are the Debian packages that have to be installed.
func MissingPackages() []string {
	var missing []string
	for _, n := range needed {
		if !has(n.program) && (len(missing) == 0 || missing[len(missing)-1] != n.debianPackage) {
			missing = append(missing, n.debianPackage)
		}
	}
	return missing
}

func has(program string) bool {
	if program[0] == '/' {
		_, err := os.Stat(program)
		return err == nil
	}
	_, err := exec.LookPath(program)
	return err == nil
}

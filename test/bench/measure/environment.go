package measure

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An Environment is what the figures depend on.
type Environment struct {
	Cores      int    `json:"cores"`
	Kernel     string `json:"kernel"`
	Go         string `json:"go"`
	FileSystem string `json:"fileSystem"`
	Load       string `json:"load"` // averages at the start
}

// Here describes this machine and the file system of a directory.
func Here(dir string) Environment {
	var u unix.Utsname
	_ = unix.Uname(&u) // a kernel without a name is printed as one
	load, _ := os.ReadFile("/proc/loadavg")
	return Environment{
		Cores: runtime.NumCPU(), Kernel: unix.ByteSliceToString(u.Release[:]), Go: runtime.Version(),
		FileSystem: fileSystem(dir), Load: strings.Join(strings.Fields(string(load))[:min(3, len(strings.Fields(string(load))))], " "),
	}
}

func (e Environment) String() string {
	return fmt.Sprintf("%d cores, Linux %s, %s, %s, load %s", e.Cores, e.Kernel, e.Go, e.FileSystem, e.Load)
}

var fileSystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
	unix.TMPFS_MAGIC: "tmpfs (no disk: flushes cost nothing)", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs",
}

func fileSystem(dir string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "unknown file system"
	}
	if name, ok := fileSystems[int64(s.Type)]; ok {
		return name
	}
	return fmt.Sprintf("file system %#x", s.Type)
}

// busy is the processors' time that was not idle since the machine started.
func busy() time.Duration {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	var ticks int64
	for i, f := range strings.Fields(line)[1:] {
		n, _ := strconv.ParseInt(f, 10, 64)
		if i != 3 && i != 4 && i < 8 { // idle, iowait; guests are in user already
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / 100
}

func processors() int { return runtime.NumCPU() }

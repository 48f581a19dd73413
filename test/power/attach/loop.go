package attach

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// loopDevice binds a free loop device to a file. The device is unbound when the last user closes it:
// close the returned descriptor once it is mounted.
func loopDevice(file string) (name string, fd int, err error) {
	control, err := unix.Open("/dev/loop-control", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", -1, fmt.Errorf("open /dev/loop-control (are there loop devices?): %w", err)
	}
	defer unix.Close(control)
	backing, err := unix.Open(file, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", -1, fmt.Errorf("open %s: %w", file, err)
	}
	defer unix.Close(backing) // the kernel has its own
	for {
		n, err := unix.IoctlRetInt(control, unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return "", -1, fmt.Errorf("find a free loop device: %w", err)
		}
		name = fmt.Sprintf("/dev/loop%d", n)
		if fd, err = unix.Open(name, unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
			return "", -1, fmt.Errorf("open %s: %w", name, err)
		}
		config := unix.LoopConfig{Fd: uint32(backing), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}}
		err = unix.IoctlLoopConfigure(fd, &config)
		if err == nil {
			return name, fd, nil
		}
		unix.Close(fd)
		if err != unix.EBUSY { // somebody was quicker
			return "", -1, fmt.Errorf("bind %s to %s: %w", name, file, err)
		}
	}
}

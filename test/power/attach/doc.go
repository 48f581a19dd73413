// Package attach brings a disk in memory to the kernel, so that a real file system can be made on it:
//
//	ext4 or xfs ── /dev/loopN ── a file in a FUSE mount ── disk.Disk
//
// The loop device sends its FLUSH requests as fsync of the file, so the disk sees what a controller
// would see. Root is needed. Run it in a mount namespace of its own (InNamespace): then nothing stays
// behind however the process ends, because the loop device goes with the last mount of it.
//
// The process that serves a disk may use the file system on it. It must not hold the FUSE file itself
// open while it starts a child: closing it on exec would wait for a server that is stopped meanwhile.
package attach

// Package power cuts the power of a machine that a node runs on, again and again: the node's own binary
// under load through SQL, on a real ext4 or xfs, over a disk that forgets what it was not told to keep.
//
//	load ──SQL──► node ──► ext4 | xfs ──► /dev/loopN ──► FUSE ──► disk.Disk
//	  │                                                             ✂ power
//	  └── what was acknowledged, kept outside ──► compared with what the node holds afterwards
//
// A cut: the disk refuses writes, the node is killed, the file system is thrown away, a part of what no
// flush has covered vanishes; then the file system replays its journal, pg_waldump and the node's own
// waldump read the log, the node recovers, everything is compared, and the load goes on.
//
// The package holds tests only. They need root, /dev/fuse, loop devices, ext4 and xfs, and say so if
// something is missing.
//
//	go test .                                   a few cuts and every fault
//	go test . -run Cuts -cuts 1000 -timeout 1h  the long run
package power

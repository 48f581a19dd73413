// Package volume provides PersistentVolumes: for each claim a directory on
// the machine that all nodes share, given to pods as a `local` volume. Unlike
// host-path volumes these honour fsGroup, so pods that are not root can write.
//
// There are two storage classes:
//
//   - standard, the default, binds a claim when its first pod is scheduled and
//     keeps it on that node, as a disk in the node does (and as on kind);
//   - shared, whose volumes every node can use, as with network storage.
package volume

// Package segment is the log on the disk of one node: files of fixed size that are made ahead of
// need, filled once and used again.
package segment

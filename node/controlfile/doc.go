// Package controlfile reads and writes global/pg_control: what a start needs to know before it can
// read anything else. Byte for byte PostgreSQL 15's (pg_control_version 1300), so that
// pg_controldata prints it.
//
//	 0  system identifier      40  copy of the last checkpoint    172  settings of the log
//	 8  versions              128  unlogged LSN                   208  layout constants
//	16  state                 136  minimum recovery point         252  data checksum version
//	24  time                  152  base backup: start, end        256  nonce
//	32  last checkpoint       168  backup end required            288  CRC-32C of all before
//
// The file is written in place, as one write of 8 KiB and an fsync: what matters lies in the first
// 512 bytes, which disks write whole. Renaming a new file over it would be worse: a directory entry
// can be lost where a sector cannot.
package controlfile

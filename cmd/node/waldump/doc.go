// Package waldump is pg_waldump with this binary's modules: it finds segments, reads their records,
// picks some, and prints or counts them, or saves the page images they carry.
//
// Options, output, messages and exit codes are pg_waldump 15's, and --save-fullpage is 16's. What goes
// beyond: logs of PostgreSQL 15 to 18 are read alike; custom managers that the binary has are named and
// describe their records; the newest timeline is read along its history unless --timeline asks for one;
// and without a start the whole log in the directory is read, whose end is then no error.
//
//	Arguments ──▶ Options ──▶ locate ──▶ wal.Reader ──▶ filter ──▶ line │ tally │ full pages
//
// The format is read by package wal, the text is that of node/recordtext.
package waldump

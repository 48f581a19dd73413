// Package instance runs the node's own binary on a data directory, and PostgreSQL's tools beside it. A
// node is killed, never asked, except by Stop. Its socket and its log are kept elsewhere than its
// data, so that they survive the disk.
package instance

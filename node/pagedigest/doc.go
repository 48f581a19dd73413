// Package pagedigest sums up the pages of one resource manager, so that two nodes can be compared
// without sending pages: a replica has to be page-identical to its primary.
//
//	page ─► rmgr.Mask ─► block number │ page ─► SHA-256        in order of relation, fork, block
//	  └──► LSN ─► the newest                                   all-zero pages are left out
//
// The newest page's LSN says which state the digest is of: a manager's pages are the work of its
// records in their order, each of which stamps what it touches with its own end. Where that LSN is the
// same on two nodes, both have applied the same records to these pages, and the digests are the same
// or somebody's pages are wrong. Where it differs, one is behind the other and nothing is said.
//
// The package reads through an interface; who calls it keeps the pages from changing meanwhile.
package pagedigest

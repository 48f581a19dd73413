// Package txn numbers transactions and writes their COMMIT records. There are no snapshots and no
// row versions: a call is one atomic action, and its transaction exists only so that readers of the
// log (logical decoding, pg_waldump) see the boundaries they know.
package txn

// Package interop compares us with PostgreSQL 15: what its tools and we make of one directory, both ways
// (of a directory that a real server wrote under pgbench, and of one that a node's engine wrote), and what
// a real server and a node beside it answer to an administrator who looks at log and replication in psql,
// with its columns, types and errors.
//
// It has only tests. Tools with a test elsewhere: pg_waldump (cmd/node/waldump, wal/segment),
// pg_basebackup, pg_verifybackup and pg_receivewal (node/basebackup), pg_recvlogical (node/decoding).
package interop

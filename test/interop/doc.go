// Package interop compares what PostgreSQL 15's tools and we make of one directory, both ways: of a
// directory that a real server wrote under pgbench, and of one that a node's engine wrote.
//
// It has only tests. Tools with a test elsewhere: pg_waldump (cmd/node/waldump, wal/segment),
// pg_basebackup, pg_verifybackup and pg_receivewal (node/basebackup), pg_recvlogical (node/decoding).
package interop

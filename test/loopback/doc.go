// Package loopback runs the real node binary as processes on 127.0.0.1, with PostgreSQL's own psql,
// pgbench and pg_waldump as clients: three managed nodes with TLS between them and a test that stands
// in for the operator, or plain ones, a primary with standbys, as PostgreSQL's users start them.
//
// A node with a bug that no product has is this test's own program (impostors): the real binary beside
// it has to notice.
package loopback

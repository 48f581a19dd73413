// Package loopback runs the real node binary: three processes on 127.0.0.1 with TLS between them,
// PostgreSQL's own psql and pgbench as clients, and a test that stands in for the operator.
package loopback

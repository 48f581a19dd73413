// Package server starts the servers that are measured through SQL or recovery, one at a time, on data
// directories of their own: PostgreSQL 15 (as another user if we are root, since it refuses root) and
// our node. A server is a child of this process, so that its processor time counts as the run's.
package server

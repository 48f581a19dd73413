// Package pgwire is the server side of PostgreSQL's frontend/backend protocol, version 3: what
// psql, pgbench, drivers and the replication tools speak to a node.
//
//	net.Listener ──► accept ──► startup ──► authenticate ──► session ──► query loop ──► node/sql
//	                    │          │                            │
//	                    │          └─ CancelRequest ──► cancels a session's statement
//	                    │                                       └─ replication=… ──► ReplicationHandler
//	                    └─ limits: connections, packet sizes, time until authenticated
//
// Invariants:
//
//   - No byte of an answer leaves before the log that it speaks of is as durable as the session's
//     synchronous_commit demands. Answers are collected; before they are written the session
//     settles, so a pipeline of writes waits once, and one batch of answers is one write.
//   - Nothing that arrived before the TLS handshake is read after it.
//   - What a client can make the node hold is bounded: a startup packet by 10,000 bytes, messages
//     before authentication by 65,535, later ones by Options.MaxMessage; answers beyond
//     Options.ResultBuffer are written while their function still runs, and a client that does
//     not take as much within Options.StallTimeout is disconnected.
//   - After an error in an extended-protocol batch everything up to Sync is discarded.
//
// The package listens on nothing by itself and reads no clock but Options.Now.
package pgwire

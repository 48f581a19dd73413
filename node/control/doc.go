// Package control serves the control API (api/control): HTTPS with mutual TLS for the operator, the
// same paths without TLS on a socket beside the data directory for the node's own command line, and plain
// HTTP for probes and metrics.
//
//	control_listen   TLS 1.3, client certificate  ──► Authorise ──┐
//	DIR.control      Unix socket, mode 0600       ────────────────┼──► API.Handler ──► the node
//	health_listen    /healthz /readyz /startupz /metrics          │
//	                                                              └──► watch streams
//
// Who may call: the holder of a client certificate that the control CA signed with the common name
// redoubt-operator, and whoever may open the socket, which is the node's own user. Other nodes have
// certificates of the same CA and may do nothing here.
//
// The package decides nothing: every command is a function handed in. It never changes the contract:
// paths, bodies and error codes are those of api/control.
package control

// Package control is the contract between the operator, the kubectl plugin and a node: what a node
// says about itself ([Status], [Census]) and what it can be told ([FenceRequest] and its siblings).
// HTTPS with mutual TLS, JSON bodies, LSNs as PostgreSQL's text ("0/1500028").
//
//	GET  /v1/status             Status; with ?watch=true one Status per line: at every change and
//	                            at least once a second. The stream is the failure detector.
//	GET  /v1/census             Census of everything this node holds
//	GET  /v1/modules            Manifest of what is loaded
//	POST /v1/init               make an empty directory a new cluster's first instance
//	POST /v1/follow             stream from an upstream on a timeline (clones first when empty)
//	POST /v1/fence              promise to follow nobody below a timeline
//	POST /v1/promote            open for writes on a claimed timeline
//	POST /v1/synchronous        change the set of synchronous standbys
//	POST /v1/retire             refuse new records of a module, or allow them again
//	POST /v1/format             raise the record format in force of one manager
//	POST /v1/checkpoint         checkpoint (a standby: restartpoint) now
//	POST /v1/switch-wal         begin a new segment
//	POST /v1/demote             stop writing, finish streaming, stop with a shutdown checkpoint and wait
//
// Probes (/healthz, /readyz, /startupz: 200, or 503 with the reason) and Prometheus' /metrics are served
// in plain HTTP on an address of their own.
//
// Every reply to a POST carries the Status after it. A refusal is an [Error] with HTTP 409 (the
// node's state does not allow it), 400 (bad request), 401 or 403 (another certificate than the operator's) or 503 (try again).
//
// Compatibility: fields are added, never renamed, reused or given another meaning. Unknown fields
// are ignored, so either side may be the newer one. The package knows nothing of Kubernetes.
package control

// Package sim runs real nodes in one process: their network is buffers in memory that can be cut,
// their disks are vfs.Mem, which forgets what was not synced when the power goes, and their time is
// that of a testing/synctest bubble, so that a minute of failover takes a fraction of a second.
//
// Nothing of the node is replaced: clients speak PostgreSQL's protocol to it, standbys stream from
// it, and the driver tells it what to be through its control API.
package sim

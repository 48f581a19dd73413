// Package walinspect has the functions of PostgreSQL's extension pg_walinspect: 15's, and 16's
// pg_get_wal_block_info(). They show durable log as records, as sums, or block by block, with custom
// managers by name.
//
// A call reads the log once, from a start position on, and hands out each row as it goes: what it needs
// does not grow with the range. It refuses positions that the log has not reached, as PostgreSQL does.
package walinspect

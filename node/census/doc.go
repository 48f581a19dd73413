// Package census knows which records stand in which range of the log: per segment, how many of each
// custom manager in each format, with the first and the last. The gate that lets a module go asks it.
//
//	pg_wal/000000010000000000000007                        the segment
//	pg_wal/archive_status/000000010000000000000007.census  what is in it: JSON with a CRC
//
// Records are noted as they are written or replayed, so that asking costs nothing: a segment that noting
// has passed and of which nothing was noted has none. A finished segment's tally is kept in a small file
// beside it. That file is a cache and never the truth: absent or damaged it is made again by reading the
// segment. A segment that could not be read yet is unknown, which stands for "may contain anything".
//
// A record's format is what the MODULES record before it says is in force; format 0 is a record whose
// MODULES record is not in the log any more.
package census

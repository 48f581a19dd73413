// Package generic is PostgreSQL's Generic (resource manager 20): a change of up to four pages given as
// the bytes that differ, for modules that do not want records of their own.
//
// # Record
//
// No main data; per block reference, block data:
//
//	Generic 00   (offset u16 │ length u16 │ bytes)…
//
// The fragments make the new page out of the old one, outside the hole; the hole becomes zeros.
package generic

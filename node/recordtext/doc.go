// Package recordtext says what a log record is in the words of pg_waldump: `node waldump` prints it,
// and pg_get_wal_records_info() shows it. It changes nothing and trusts nothing: a record whose
// contents are not what they should be is said to be damaged, whoever wrote it.
package recordtext

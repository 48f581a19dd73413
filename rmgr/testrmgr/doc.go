// Package testrmgr is PostgreSQL's src/test/modules/test_custom_rmgrs: a record with a payload that
// changes nothing. It uses the experimental ID 128, so a production cluster refuses it.
//
// # Record
//
//	TEST_CUSTOM_RMGRS_MESSAGE 00   payload size u64 │ payload
package testrmgr

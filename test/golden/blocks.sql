-- What 16 and later say about every block reference from :from on: first the names and types of the
-- columns, then the rows, with digests in place of the bytes.
SELECT string_agg(name || ' ' || format_type(type, NULL), E'\t' ORDER BY n)
FROM pg_proc, unnest(proargnames, proallargtypes, proargmodes) WITH ORDINALITY AS argument(name, type, mode, n)
WHERE proname = 'pg_get_wal_block_info' AND mode = 'o';
SELECT start_lsn, end_lsn, prev_lsn, block_id, reltablespace, reldatabase, relfilenode, relforknumber, relblocknumber, xid,
	resource_manager, record_type, record_length, main_data_length, block_data_length, block_fpi_length, block_fpi_info,
	CASE WHEN resource_manager IN ('XLOG', 'Transaction', 'Standby', 'LogicalMessage', 'Generic') THEN description ELSE '' END,
	md5(block_data), md5(block_fpi_data)
FROM pg_get_wal_block_info(:'from', pg_current_wal_flush_lsn());

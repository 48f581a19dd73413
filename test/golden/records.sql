-- What the server says about every record from :from on.
SELECT start_lsn, end_lsn, prev_lsn, xid, resource_manager, record_type, record_length, main_data_length, fpi_length,
	CASE WHEN resource_manager IN ('XLOG', 'Transaction', 'Standby', 'LogicalMessage', 'Generic') THEN description END, block_ref
FROM pg_get_wal_records_info(:'from', pg_current_wal_flush_lsn());

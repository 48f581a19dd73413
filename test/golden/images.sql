-- Full-page images in one compression; refused by servers that were built without it.
SET wal_compression = :'method';
CHECKPOINT;
UPDATE t SET n = 100 WHERE id % 40 = 0;
SET wal_consistency_checking = 'heap,btree';
INSERT INTO t VALUES ((SELECT max(id) + 1 FROM t), 'checked', 0);
UPDATE t SET n = 101 WHERE id = 1;
RESET wal_consistency_checking;
SELECT pg_logical_emit_message(true, 'images', :'method');

-- What the golden logs record: something of every resource manager.
CREATE TABLE t (id int PRIMARY KEY, body text, n int);
INSERT INTO t SELECT i, repeat('golden ', 5) || i, i % 7 FROM generate_series(1, 400) i;
UPDATE t SET n = n + 1 WHERE id % 5 = 0;
UPDATE t SET body = body || '!' WHERE id < 20;
DELETE FROM t WHERE id % 9 = 0;
VACUUM (FREEZE) t;
INSERT INTO t SELECT i, 'again', 1 FROM generate_series(1000, 1100) i;
CREATE INDEX ON t USING hash (n);
CREATE INDEX ON t USING brin (id);
CREATE TABLE words (w text[], p point, r int4range, s text);
CREATE INDEX ON words USING gin (w);
CREATE INDEX ON words USING gist (p);
CREATE INDEX ON words USING spgist (s);
INSERT INTO words SELECT ARRAY['a' || i % 10, 'b' || i], point(i, i), int4range(i, i + 2), 'text' || i FROM generate_series(1, 150) i;
DELETE FROM words WHERE (p[0])::int % 3 = 0;
VACUUM words;
CREATE SEQUENCE s;
SELECT nextval('s') FROM generate_series(1, 40);
CREATE EXTENSION bloom;
CREATE INDEX ON t USING bloom (id, n);
INSERT INTO t VALUES (5000, 'generic', 3);

-- transactions of every kind
CREATE TABLE placed_before (a int);
BEGIN; INSERT INTO t VALUES (6000, 'aborted', 0); ROLLBACK;
BEGIN; INSERT INTO t VALUES (6001, 'prepared', 0); CREATE TABLE kept (a int); PREPARE TRANSACTION 'golden commit'; COMMIT PREPARED 'golden commit';
BEGIN; DROP TABLE kept; PREPARE TRANSACTION 'golden abort'; ROLLBACK PREPARED 'golden abort';
BEGIN;
DO $$ BEGIN FOR i IN 1..70 LOOP BEGIN INSERT INTO t VALUES (7000 + i, 'sub', 0); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$;
COMMIT;
BEGIN; SELECT id FROM t WHERE id = 1 FOR KEY SHARE; SAVEPOINT a; UPDATE t SET n = 9 WHERE id = 1; COMMIT; -- a multixact
BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; INSERT INTO t VALUES (6002, 'locked', 0); TRUNCATE words; COMMIT;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
DROP FUNCTION f();
BEGIN; CREATE TABLE mixed (a int); SAVEPOINT a; INSERT INTO mixed VALUES (1); RELEASE a; DROP TABLE placed_before; COMMIT;
SELECT pg_replication_origin_create('golden');
SELECT pg_replication_origin_session_setup('golden');
BEGIN; SELECT pg_replication_origin_xact_setup('0/ABCDEF', '2020-02-02 02:02:02.5+00'); INSERT INTO t VALUES (6003, 'from elsewhere', 0); COMMIT;
BEGIN; SELECT pg_replication_origin_xact_setup('0/ABCDFF', '2020-02-02 02:02:03.5+00'); SAVEPOINT a; CREATE TABLE never (a int PRIMARY KEY); INSERT INTO never VALUES (1); ROLLBACK;
SELECT pg_replication_origin_session_reset();
SELECT pg_replication_origin_advance('golden', '0/FEDCBA');
SELECT pg_replication_origin_drop('golden');
SELECT pg_logical_emit_message(true, 'golden', 'in a transaction');
SELECT pg_logical_emit_message(false, 'gold "en"', 'at once'::bytea || '\x00ff'::bytea);
SELECT pg_logical_emit_message(false, 'large', repeat('over pages ', 3000));

-- files and settings
CREATE TABLESPACE place LOCATION '';
CREATE TABLE placed (a int) TABLESPACE place;
INSERT INTO placed VALUES (1);
DROP TABLE placed;
DROP TABLESPACE place;
SELECT pg_create_restore_point('golden point');
VACUUM FULL pg_am;
SELECT pg_switch_wal();
CHECKPOINT;
ALTER SYSTEM SET full_page_writes = off;
SELECT pg_reload_conf();
SELECT pg_sleep(0.3);
INSERT INTO t VALUES (8000, 'no images', 0);
ALTER SYSTEM SET full_page_writes = on;
SELECT pg_reload_conf();
SELECT pg_sleep(0.3);
CHECKPOINT;

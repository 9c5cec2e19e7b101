-- What is known of an execution besides its outcome; NULL where it is not, as in all rows before.
-- Columns at the end change nothing in the rows, so the text is edited (see 0007): `ALTER TABLE`
-- of newer versions of SQLite reads the whole table for each.

PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(
    sql,
    '    response_json       TEXT,
',
    '    response_json       TEXT,
    method              TEXT,
    path                TEXT,
    request_bytes       INTEGER,
    request_id          TEXT, -- the caller''s own
    http_status         INTEGER,
    response_bytes      INTEGER,
    first_byte_ms       INTEGER,
    queue_ms            INTEGER,
    cold_start          INTEGER CHECK (cold_start IN (0, 1)),
    cpu_us              INTEGER,
    peak_memory_bytes   INTEGER,
    server_id           TEXT,
    delivery_id         TEXT,
    attempt             INTEGER,
    trace_id            TEXT,
'
) WHERE type = 'table' AND name = 'executions';

PRAGMA writable_schema = RESET;

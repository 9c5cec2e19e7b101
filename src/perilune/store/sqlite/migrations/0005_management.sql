-- What the management API filters, counts and cleans up.

ALTER TABLE functions ADD COLUMN retention_bytes INTEGER; -- NULL: no limit

-- The same index with one column more, so that pages of one trigger are found in it too.
DROP INDEX executions_newest;
CREATE INDEX executions_newest
    ON executions (function_id, created_at, seq, function_version_id, trigger);

-- Failures are rare and often looked for; these indexes cost successes nothing.
CREATE INDEX executions_failed ON executions (function_id, created_at, seq)
    WHERE status = 'error';
CREATE INDEX executions_failed_newest ON executions (seq) WHERE status = 'error';

-- Executions that ended, by time of creation and duration class; trials of drafts are left out.
-- Kept by a trigger, so the figures are exact whoever writes, and outlive the executions
-- themselves.  Old rows are merged into longer spans, see store/statistics.py; every execution
-- is counted in one row only.
CREATE TABLE execution_stats (
    function_id    TEXT    NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    duration_class INTEGER NOT NULL, -- see store/durations.py; -1: duration unknown
    bucket         INTEGER NOT NULL, -- start of a span of 300 s or, when it is old, more
    executions     INTEGER NOT NULL,
    errors         INTEGER NOT NULL,
    duration_ms    INTEGER NOT NULL, -- sum
    PRIMARY KEY (function_id, duration_class, bucket)
) STRICT, WITHOUT ROWID;

CREATE INDEX execution_stats_old ON execution_stats (bucket);

CREATE TRIGGER executions_ended AFTER UPDATE OF status ON executions
WHEN OLD.status = 'pending' AND NEW.status <> 'pending' AND NEW.trigger <> 'test'
BEGIN
    INSERT INTO execution_stats
        (function_id, duration_class, bucket, executions, errors, duration_ms)
    VALUES (
        NEW.function_id,
        CASE
            WHEN NEW.duration_ms IS NULL THEN -1
            WHEN NEW.duration_ms < 32 THEN max(NEW.duration_ms, 0)
            WHEN NEW.duration_ms < 64 THEN 16 + (NEW.duration_ms >> 1)
            WHEN NEW.duration_ms < 128 THEN 32 + (NEW.duration_ms >> 2)
            WHEN NEW.duration_ms < 256 THEN 48 + (NEW.duration_ms >> 3)
            WHEN NEW.duration_ms < 512 THEN 64 + (NEW.duration_ms >> 4)
            WHEN NEW.duration_ms < 1024 THEN 80 + (NEW.duration_ms >> 5)
            WHEN NEW.duration_ms < 2048 THEN 96 + (NEW.duration_ms >> 6)
            WHEN NEW.duration_ms < 4096 THEN 112 + (NEW.duration_ms >> 7)
            WHEN NEW.duration_ms < 8192 THEN 128 + (NEW.duration_ms >> 8)
            WHEN NEW.duration_ms < 16384 THEN 144 + (NEW.duration_ms >> 9)
            WHEN NEW.duration_ms < 32768 THEN 160 + (NEW.duration_ms >> 10)
            WHEN NEW.duration_ms < 65536 THEN 176 + (NEW.duration_ms >> 11)
            WHEN NEW.duration_ms < 131072 THEN 192 + (NEW.duration_ms >> 12)
            WHEN NEW.duration_ms < 262144 THEN 208 + (NEW.duration_ms >> 13)
            WHEN NEW.duration_ms < 524288 THEN 224 + (NEW.duration_ms >> 14)
            WHEN NEW.duration_ms < 1048576 THEN 240 + (NEW.duration_ms >> 15)
            WHEN NEW.duration_ms < 2097152 THEN 256 + (NEW.duration_ms >> 16)
            WHEN NEW.duration_ms < 4194304 THEN 272 + (NEW.duration_ms >> 17)
            WHEN NEW.duration_ms < 8388608 THEN 288 + (NEW.duration_ms >> 18)
            WHEN NEW.duration_ms < 16777216 THEN 304 + (NEW.duration_ms >> 19)
            WHEN NEW.duration_ms < 33554432 THEN 320 + (NEW.duration_ms >> 20)
            ELSE 351
        END,
        NEW.created_at - NEW.created_at % 300,
        1,
        NEW.status = 'error',
        max(coalesce(NEW.duration_ms, 0), 0)
    )
    ON CONFLICT (function_id, duration_class, bucket) DO UPDATE SET
        executions = executions + 1,
        errors = errors + excluded.errors,
        duration_ms = duration_ms + excluded.duration_ms;
END;

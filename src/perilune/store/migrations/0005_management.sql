-- What the management API filters, counts and cleans up.

ALTER TABLE functions ADD COLUMN retention_bytes INTEGER; -- NULL: no limit

-- Failures are rare and often looked for; the index costs successes nothing.
CREATE INDEX executions_failed ON executions (function_id, created_at, seq)
    WHERE status = 'error';

-- Executions that ended, by time of creation and duration class.  Kept by a trigger, so the
-- figures are exact whoever writes, and outlive the executions themselves.
CREATE TABLE execution_stats (
    function_id    TEXT    NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    bucket         INTEGER NOT NULL, -- start of a span of 300 s
    duration_class INTEGER NOT NULL, -- see store/statistics.py
    executions     INTEGER NOT NULL,
    errors         INTEGER NOT NULL,
    duration_ms    INTEGER NOT NULL, -- sum
    PRIMARY KEY (function_id, bucket, duration_class)
) STRICT, WITHOUT ROWID;

CREATE INDEX execution_stats_old ON execution_stats (bucket);

-- When functions are due, and which ticks have been taken.

ALTER TABLE functions ADD COLUMN cron_time_zone TEXT; -- IANA name; NULL: the server's zone
ALTER TABLE functions ADD COLUMN cron_missed TEXT NOT NULL DEFAULT 'skip'
    CHECK (cron_missed IN ('skip', 'run_once'));
ALTER TABLE functions ADD COLUMN cron_overlap TEXT NOT NULL DEFAULT 'skip'
    CHECK (cron_overlap IN ('skip', 'allow'));
ALTER TABLE functions ADD COLUMN cron_since INTEGER; -- ticks before it were never due

-- One row per function and tick: whoever inserts it starts the execution, nobody else does.
CREATE TABLE cron_ticks (
    function_id  TEXT    NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    tick         INTEGER NOT NULL, -- nominal time
    outcome      TEXT    NOT NULL, -- started, skipped, missed, ...
    claimed_at   INTEGER NOT NULL,
    execution_id TEXT,
    PRIMARY KEY (function_id, tick)
) STRICT, WITHOUT ROWID;

CREATE INDEX cron_ticks_old ON cron_ticks (tick);

-- When functions are due, and what has become of each tick.

ALTER TABLE functions ADD COLUMN cron_time_zone TEXT; -- IANA name; NULL: the server's zone
ALTER TABLE functions ADD COLUMN cron_missed TEXT NOT NULL DEFAULT 'skip'
    CHECK (cron_missed IN ('skip', 'run_once'));
ALTER TABLE functions ADD COLUMN cron_overlap TEXT NOT NULL DEFAULT 'skip'
    CHECK (cron_overlap IN ('skip', 'allow'));
ALTER TABLE functions ADD COLUMN cron_since INTEGER; -- ticks up to it are none of the schedule

-- One row per function and tick: whoever inserts it starts the execution, nobody else does.
CREATE TABLE cron_ticks (
    function_id  TEXT    NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    tick         INTEGER NOT NULL, -- nominal time
    outcome      TEXT    NOT NULL
        CHECK (outcome IN ('claimed', 'started', 'skipped', 'missed', 'failed', 'interrupted')),
    reason       TEXT,             -- why it is not 'started'
    passed_over  INTEGER NOT NULL DEFAULT 0, -- ticks missed before this one, without rows
    claimed_at   INTEGER NOT NULL,
    execution_id TEXT,             -- while 'claimed': the id that it will have
    PRIMARY KEY (function_id, tick)
) STRICT, WITHOUT ROWID;

CREATE INDEX cron_ticks_old ON cron_ticks (tick);
CREATE INDEX cron_ticks_claimed ON cron_ticks (function_id) WHERE outcome = 'claimed';

-- A number that grows with every change of what the scheduler has to know, so that each server
-- on the file notices the changes of all others by reading one row.
CREATE TABLE cron_revision (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO cron_revision (id, value) VALUES (1, 0);

CREATE TRIGGER functions_scheduled AFTER INSERT ON functions
WHEN new.cron_schedule IS NOT NULL
BEGIN
    UPDATE cron_revision SET value = value + 1;
END;

CREATE TRIGGER functions_rescheduled
AFTER UPDATE OF name, disabled, cron_schedule, cron_status, cron_time_zone, cron_missed ON functions
WHEN new.cron_schedule IS NOT NULL OR old.cron_schedule IS NOT NULL
BEGIN
    UPDATE cron_revision SET value = value + 1;
END;

CREATE TRIGGER functions_unscheduled AFTER DELETE ON functions
WHEN old.cron_schedule IS NOT NULL
BEGIN
    UPDATE cron_revision SET value = value + 1;
END;

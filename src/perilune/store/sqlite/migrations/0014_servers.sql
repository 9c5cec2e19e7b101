-- What several servers on one database know of each other, and count together.  A server that has a
-- file to itself keeps what it counts in memory.

CREATE TABLE servers (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL, -- host and port
    version    TEXT    NOT NULL, -- of the program
    started_at REAL    NOT NULL, -- Unix seconds by the database's clock, as is the next one
    heartbeat  REAL    NOT NULL, -- when it was last heard of
    draining   INTEGER NOT NULL CHECK (draining IN (0, 1)),
    watching   INTEGER NOT NULL CHECK (watching IN (0, 1)), -- somebody sees executions live
    ahead_s    REAL    NOT NULL  -- by how much its own clock is ahead of the database's
) STRICT, WITHOUT ROWID;

ALTER TABLE cron_ticks ADD COLUMN server_id TEXT; -- which has claimed it; NULL: the only one

-- Signed messages that have come, as long as their time would be accepted.
CREATE TABLE seen_messages (
    function_id TEXT    NOT NULL,
    message     BLOB    NOT NULL,
    until       REAL    NOT NULL, -- Unix seconds
    PRIMARY KEY (function_id, message)
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_messages_old ON seen_messages (until);

-- When a function that may be called so often has all its calls again, in Unix seconds.
CREATE TABLE rate_limits (
    function_id TEXT    NOT NULL PRIMARY KEY,
    full_at     REAL    NOT NULL
) STRICT, WITHOUT ROWID;

-- Wrong credentials, by the address or network that has shown them.
CREATE TABLE failed_attempts (
    address   TEXT    NOT NULL PRIMARY KEY,
    failures  INTEGER NOT NULL,
    failed_at REAL    NOT NULL -- the last time, Unix seconds
) STRICT, WITHOUT ROWID;

-- The first schema.  Times are integer Unix seconds unless a column says otherwise;
-- booleans are 0 and 1.  `seq` is the order of insertion and breaks ties of equal times.

CREATE TABLE functions (
    id             TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    description    TEXT,
    disabled       INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    retention_days INTEGER,
    cron_schedule  TEXT,
    cron_status    TEXT    DEFAULT 'paused',
    save_response  INTEGER NOT NULL DEFAULT 0 CHECK (save_response IN (0, 1)),
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX functions_newest ON functions (created_at, id);

-- What would cost a scan to find out.  `last_version` never goes back, so the number of a
-- deleted version is not given out again.  One small row per function, kept by triggers.
CREATE TABLE function_counters (
    function_id  TEXT    NOT NULL PRIMARY KEY REFERENCES functions (id) ON DELETE CASCADE,
    last_version INTEGER NOT NULL DEFAULT 0,
    executions   INTEGER NOT NULL DEFAULT 0,
    kv_bytes     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TRIGGER functions_counted AFTER INSERT ON functions
BEGIN
    INSERT INTO function_counters (function_id) VALUES (NEW.id);
END;

CREATE TABLE function_versions (
    id          TEXT    NOT NULL PRIMARY KEY,
    function_id TEXT    NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    version     INTEGER NOT NULL,
    code        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    created_by  TEXT,
    is_active   INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
    UNIQUE (function_id, version),
    UNIQUE (function_id, id)
) STRICT;

CREATE UNIQUE INDEX function_versions_one_active ON function_versions (function_id)
    WHERE is_active = 1;

CREATE TABLE executions (
    seq                 INTEGER PRIMARY KEY,
    id                  TEXT    NOT NULL UNIQUE,
    function_id         TEXT    NOT NULL,
    function_version_id TEXT    NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('pending', 'success', 'error')),
    duration_ms         INTEGER,
    error_message       TEXT,
    error_kind          TEXT,
    trigger             TEXT    NOT NULL DEFAULT 'http',
    created_at          INTEGER NOT NULL,
    event_json          TEXT,
    response_json       TEXT,
    FOREIGN KEY (function_id, function_version_id)
        REFERENCES function_versions (function_id, id) ON DELETE CASCADE
) STRICT;

-- Serves the pages (newest first, seq breaks ties) and, by its last column, finds the rows of
-- a version without touching the table.  A second index for that would cost every execution
-- about as much again as this one; versions are rarely deleted.
CREATE INDEX executions_newest ON executions (function_id, created_at, seq, function_version_id);
CREATE INDEX executions_pending ON executions (created_at) WHERE status = 'pending';

CREATE TRIGGER executions_added AFTER INSERT ON executions
BEGIN
    UPDATE function_counters SET executions = executions + 1
    WHERE function_id = NEW.function_id;
END;

CREATE TRIGGER executions_removed AFTER DELETE ON executions
BEGIN
    UPDATE function_counters SET executions = executions - 1
    WHERE function_id = OLD.function_id;
END;

-- Nothing looks a line up by its id, so the id has no index; lines are the most frequent rows.
CREATE TABLE logs (
    seq          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL,
    execution_id TEXT    NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    level        INTEGER NOT NULL,
    message      TEXT    NOT NULL,
    timestamp    INTEGER NOT NULL
) STRICT;

CREATE INDEX logs_of_execution ON logs (execution_id);

-- Keys and values are bytes; expires_at is in seconds with fractions, NULL means never.
CREATE TABLE kv_store (
    function_id TEXT NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    key         BLOB NOT NULL,
    value       BLOB NOT NULL,
    expires_at  REAL,
    PRIMARY KEY (function_id, key)
) STRICT;

CREATE INDEX kv_store_expiring ON kv_store (expires_at) WHERE expires_at IS NOT NULL;

CREATE TRIGGER kv_store_added AFTER INSERT ON kv_store
BEGIN
    UPDATE function_counters SET kv_bytes = kv_bytes + length(NEW.key) + length(NEW.value)
    WHERE function_id = NEW.function_id;
END;

CREATE TRIGGER kv_store_changed AFTER UPDATE OF value ON kv_store
BEGIN
    UPDATE function_counters SET kv_bytes = kv_bytes - length(OLD.value) + length(NEW.value)
    WHERE function_id = NEW.function_id;
END;

CREATE TRIGGER kv_store_removed AFTER DELETE ON kv_store
BEGIN
    UPDATE function_counters SET kv_bytes = kv_bytes - length(OLD.key) - length(OLD.value)
    WHERE function_id = OLD.function_id;
END;

CREATE TABLE env_vars (
    function_id TEXT NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (function_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE ai_requests (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    execution_id  TEXT    NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    provider      TEXT    NOT NULL,
    model         TEXT    NOT NULL,
    endpoint      TEXT    NOT NULL,
    request_json  TEXT    NOT NULL,
    response_json TEXT,
    status        TEXT    NOT NULL CHECK (status IN ('success', 'error')),
    error_message TEXT,
    input_tokens  INTEGER,
    output_tokens INTEGER,
    duration_ms   INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX ai_requests_of_execution ON ai_requests (execution_id);

-- to_addresses is a JSON array: an address may contain a comma.
CREATE TABLE email_requests (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    execution_id  TEXT    NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    from_address  TEXT    NOT NULL,
    to_addresses  TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    has_text      INTEGER NOT NULL DEFAULT 0 CHECK (has_text IN (0, 1)),
    has_html      INTEGER NOT NULL DEFAULT 0 CHECK (has_html IN (0, 1)),
    request_json  TEXT    NOT NULL,
    response_json TEXT,
    status        TEXT    NOT NULL CHECK (status IN ('success', 'error')),
    error_message TEXT,
    email_id      TEXT,
    duration_ms   INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX email_requests_of_execution ON email_requests (execution_id);

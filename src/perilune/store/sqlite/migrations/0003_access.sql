-- Who may manage the server, who may call a function, and secrets at rest.
-- Tokens are kept as SHA-256 digests: they are long and random, so nothing slower is needed.

CREATE TABLE api_tokens (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    token_hash   BLOB    NOT NULL UNIQUE,
    scopes       TEXT    NOT NULL, -- blank-separated words
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE TABLE sessions (
    id           TEXT    NOT NULL PRIMARY KEY,
    token_hash   BLOB    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    address      TEXT    NOT NULL DEFAULT '',
    user_agent   TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX sessions_expiring ON sessions (expires_at);

-- How a function may be called.  NULL stands for "no limit" or "all".
ALTER TABLE functions ADD COLUMN access TEXT NOT NULL DEFAULT 'public'
    CHECK (access IN ('public', 'token', 'signature'));
ALTER TABLE functions ADD COLUMN signature_scheme TEXT
    CHECK (signature_scheme IN ('standard', 'github', 'stripe'));
ALTER TABLE functions ADD COLUMN allowed_methods TEXT; -- comma-separated
ALTER TABLE functions ADD COLUMN rate_limit INTEGER;   -- calls per rate_window_s
ALTER TABLE functions ADD COLUMN rate_window_s INTEGER;
ALTER TABLE functions ADD COLUMN max_concurrency INTEGER;
ALTER TABLE functions ADD COLUMN handles_options INTEGER NOT NULL DEFAULT 0
    CHECK (handles_options IN (0, 1));
ALTER TABLE functions ADD COLUMN unsandboxed_html INTEGER NOT NULL DEFAULT 0
    CHECK (unsandboxed_html IN (0, 1));

-- Secrets that signatures are checked with; several are in force while one is replaced.
-- `key_id` names the key a value is encrypted with, NULL says that it is not encrypted.
CREATE TABLE signing_secrets (
    function_id TEXT    NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    id          TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    key_id      TEXT,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (function_id, id)
) STRICT, WITHOUT ROWID;

ALTER TABLE env_vars ADD COLUMN write_only INTEGER NOT NULL DEFAULT 0
    CHECK (write_only IN (0, 1));
ALTER TABLE env_vars ADD COLUMN key_id TEXT;

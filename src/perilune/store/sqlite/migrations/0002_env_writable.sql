-- Whether a function may change its own environment variables.
ALTER TABLE functions ADD COLUMN env_writable INTEGER NOT NULL DEFAULT 1
    CHECK (env_writable IN (0, 1));

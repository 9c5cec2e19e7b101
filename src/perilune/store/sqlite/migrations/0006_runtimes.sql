-- Languages, and limits that a function has of its own (NULL: the server's).

ALTER TABLE functions ADD COLUMN runtime TEXT NOT NULL DEFAULT 'lua';
ALTER TABLE functions ADD COLUMN timeout_s INTEGER;
ALTER TABLE functions ADD COLUMN memory_mb INTEGER;
ALTER TABLE function_versions ADD COLUMN runtime TEXT NOT NULL DEFAULT 'lua';
ALTER TABLE function_versions ADD COLUMN requirements TEXT; -- pinned packages, Python only

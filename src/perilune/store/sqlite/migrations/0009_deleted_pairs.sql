-- A function with many key-value pairs disappears at once, too; see 0007 for its executions.  So
-- pairs belong to a row that outlives the function until the last of them is gone.

CREATE TABLE kv_owners (
    function_id TEXT    NOT NULL PRIMARY KEY,
    deleted     INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Those whose pairs are out of sight; hardly ever any.
CREATE INDEX kv_owners_deleted ON kv_owners (function_id) WHERE deleted = 1;

INSERT INTO kv_owners (function_id) SELECT id FROM functions;

-- Another parent for the same rows, as in 0007.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(
    sql, 'REFERENCES functions (id)', 'REFERENCES kv_owners (function_id)'
) WHERE type = 'table' AND name = 'kv_store';

PRAGMA writable_schema = RESET;

DROP TRIGGER functions_counted;
DROP TRIGGER functions_removed;

-- A function that comes back under its old id meets neither a version number whose executions are
-- left, nor its old pairs.
CREATE TRIGGER functions_counted AFTER INSERT ON functions
BEGIN
    DELETE FROM kv_store WHERE function_id = NEW.id;
    INSERT INTO kv_owners (function_id) VALUES (NEW.id)
    ON CONFLICT (function_id) DO UPDATE SET deleted = 0;
    INSERT INTO function_counters (function_id, last_version)
    SELECT NEW.id, coalesce(max(version), 0) FROM execution_counters WHERE function_id = NEW.id;
END;

-- Executions may outlive their version, and pairs theirs, until they are cleaned up.
CREATE TRIGGER functions_removed AFTER DELETE ON functions
BEGIN
    UPDATE execution_counters SET deleted = 1 WHERE function_id = OLD.id AND deleted = 0;
    DELETE FROM kv_owners WHERE function_id = OLD.id
      AND NOT EXISTS (SELECT 1 FROM kv_store WHERE function_id = OLD.id);
    UPDATE kv_owners SET deleted = 1 WHERE function_id = OLD.id;
END;

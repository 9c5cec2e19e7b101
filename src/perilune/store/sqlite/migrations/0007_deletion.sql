-- A function with many executions disappears at once; its executions go afterwards, in portions.
-- So executions belong to a row that outlives function and version until the last of them is
-- gone.  It counts them as well, which would cost a scan to find out.

CREATE TABLE execution_counters (
    function_id TEXT    NOT NULL,
    version_id  TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    executions  INTEGER NOT NULL DEFAULT 0,
    deleted     INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    PRIMARY KEY (function_id, version_id)
) STRICT, WITHOUT ROWID;

-- The executions that are out of sight; hardly ever any.
CREATE INDEX execution_counters_deleted ON execution_counters (function_id, version_id)
    WHERE deleted = 1 AND executions > 0;

INSERT INTO execution_counters (function_id, version_id, version)
SELECT function_id, id, version FROM function_versions;

UPDATE execution_counters SET executions = found.number
FROM (
    SELECT function_id, function_version_id, count(*) AS number
    FROM executions GROUP BY function_id, function_version_id
) AS found
WHERE execution_counters.function_id = found.function_id
  AND execution_counters.version_id = found.function_version_id;

-- Another parent for the same rows changes nothing in the rows, so the table need not be written
-- anew: SQLite's documentation ("Making Other Kinds Of Table Schema Changes") edits the text.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(
    sql,
    'REFERENCES function_versions (function_id, id)',
    'REFERENCES execution_counters (function_id, version_id)'
) WHERE type = 'table' AND name = 'executions';

PRAGMA writable_schema = RESET;

DROP TRIGGER executions_added;
DROP TRIGGER executions_removed;
DROP TRIGGER functions_counted;
ALTER TABLE function_counters DROP COLUMN executions;

-- NULL is refused: nothing can be added to what has been deleted.
CREATE TRIGGER executions_added AFTER INSERT ON executions
BEGIN
    UPDATE execution_counters SET executions = iif(deleted, NULL, executions + 1)
    WHERE function_id = NEW.function_id AND version_id = NEW.function_version_id;
END;

CREATE TRIGGER executions_removed AFTER DELETE ON executions
BEGIN
    UPDATE execution_counters SET executions = executions - 1
    WHERE function_id = OLD.function_id AND version_id = OLD.function_version_id;
END;

CREATE TRIGGER function_versions_added AFTER INSERT ON function_versions
BEGIN
    INSERT INTO execution_counters (function_id, version_id, version)
    VALUES (NEW.function_id, NEW.id, NEW.version);
END;

-- Whoever deletes a version, by whatever way, leaves its executions for later.  An empty row goes
-- at once, unless the function has many executions: looking for those of the row, as its foreign
-- key demands, goes through all of them.
CREATE TRIGGER function_versions_removed AFTER DELETE ON function_versions
BEGIN
    DELETE FROM execution_counters
    WHERE function_id = OLD.function_id AND version_id = OLD.id AND executions = 0
      AND (SELECT sum(executions) FROM execution_counters WHERE function_id = OLD.function_id)
          <= 10000;
    UPDATE execution_counters SET deleted = 1
    WHERE function_id = OLD.function_id AND version_id = OLD.id;
END;

-- A function that comes back under its old id meets no version number whose executions are left.
CREATE TRIGGER functions_counted AFTER INSERT ON functions
BEGIN
    INSERT INTO function_counters (function_id, last_version)
    SELECT NEW.id, coalesce(max(version), 0) FROM execution_counters WHERE function_id = NEW.id;
END;

-- Executions that have not been deleted with their version.
CREATE VIEW visible_executions AS
SELECT e.id FROM executions AS e
WHERE NOT EXISTS (
    SELECT 1 FROM execution_counters AS c
    WHERE c.function_id = e.function_id AND c.version_id = e.function_version_id
      AND c.deleted = 1 AND c.executions > 0
);

-- What authors say of a version, and how many of its executions failed.

ALTER TABLE function_versions ADD COLUMN note TEXT;

-- Trials of drafts are executions of a version that did not run.
ALTER TABLE execution_counters ADD COLUMN trials INTEGER NOT NULL DEFAULT 0;
ALTER TABLE execution_counters ADD COLUMN errors INTEGER NOT NULL DEFAULT 0; -- but for trials

UPDATE execution_counters SET trials = found.trials, errors = found.errors
FROM (
    SELECT function_id, function_version_id, sum(trigger = 'test') AS trials,
           sum(status = 'error' AND trigger <> 'test') AS errors
    FROM executions GROUP BY function_id, function_version_id
) AS found
WHERE execution_counters.function_id = found.function_id
  AND execution_counters.version_id = found.function_version_id;

DROP TRIGGER executions_added;
DROP TRIGGER executions_removed;

-- NULL is refused: nothing can be added to what has been deleted.
CREATE TRIGGER executions_added AFTER INSERT ON executions
BEGIN
    UPDATE execution_counters
    SET executions = iif(deleted, NULL, executions + 1),
        trials = trials + (NEW.trigger = 'test'),
        errors = errors + (NEW.status = 'error' AND NEW.trigger <> 'test')
    WHERE function_id = NEW.function_id AND version_id = NEW.function_version_id;
END;

CREATE TRIGGER executions_removed AFTER DELETE ON executions
BEGIN
    UPDATE execution_counters
    SET executions = executions - 1,
        trials = trials - (OLD.trigger = 'test'),
        errors = errors - (OLD.status = 'error' AND OLD.trigger <> 'test')
    WHERE function_id = OLD.function_id AND version_id = OLD.function_version_id;
END;

-- Successes cost nothing but the condition.
CREATE TRIGGER executions_judged AFTER UPDATE OF status ON executions
WHEN (OLD.status = 'error') <> (NEW.status = 'error') AND NEW.trigger <> 'test'
BEGIN
    UPDATE execution_counters
    SET errors = errors + (NEW.status = 'error') - (OLD.status = 'error')
    WHERE function_id = NEW.function_id AND version_id = NEW.function_version_id;
END;

-- Executions may outlive their version, but not their function.
CREATE TRIGGER functions_removed AFTER DELETE ON functions
BEGIN
    UPDATE execution_counters SET deleted = 1 WHERE function_id = OLD.id AND deleted = 0;
END;

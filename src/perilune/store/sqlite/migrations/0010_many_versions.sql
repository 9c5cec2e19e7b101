-- Deleting a function with very many versions looked through all of them for each of them.  Now
-- their rows go together, once the function is gone.

DROP TRIGGER function_versions_removed;

-- See 0007.  When the function itself is deleted, `functions_removed` has marked its rows, or will.
CREATE TRIGGER function_versions_removed AFTER DELETE ON function_versions
WHEN EXISTS (SELECT 1 FROM functions WHERE id = OLD.function_id)
BEGIN
    DELETE FROM execution_counters
    WHERE function_id = OLD.function_id AND version_id = OLD.id AND executions = 0
      AND (SELECT sum(executions) FROM execution_counters WHERE function_id = OLD.function_id)
          <= 10000;
    UPDATE execution_counters SET deleted = 1
    WHERE function_id = OLD.function_id AND version_id = OLD.id;
END;

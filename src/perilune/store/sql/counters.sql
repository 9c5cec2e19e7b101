-- name: add_executions
-- NULL is refused: nothing can be added to what has been deleted.
UPDATE execution_counters
SET executions = CASE WHEN deleted = 1 AND ?3 > 0 THEN NULL ELSE executions + ?3 END,
    trials = trials + ?4,
    errors = errors + ?5
WHERE function_id = ?1 AND version_id = ?2

-- name: add_ended
INSERT INTO execution_stats
    (function_id, duration_class, bucket, executions, errors, duration_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (function_id, duration_class, bucket) DO UPDATE SET
    executions = execution_stats.executions + excluded.executions,
    errors = execution_stats.errors + excluded.errors,
    duration_ms = execution_stats.duration_ms + excluded.duration_ms

-- name: add_bytes
UPDATE function_counters SET kv_bytes = kv_bytes + ?2 WHERE function_id = ?1

-- name: miscounted_executions
SELECT c.version_id, c.executions, coalesce(f.executions, 0), c.trials, coalesce(f.trials, 0),
       c.errors, coalesce(f.errors, 0)
FROM execution_counters AS c
LEFT JOIN (
    SELECT function_id, function_version_id, count(*) AS executions,
           count(*) FILTER (WHERE trigger = 'test') AS trials,
           count(*) FILTER (WHERE status = 'error' AND trigger <> 'test') AS errors
    FROM executions GROUP BY function_id, function_version_id
) AS f ON f.function_id = c.function_id AND f.function_version_id = c.version_id
WHERE (c.executions, c.trials, c.errors)
      <> (coalesce(f.executions, 0), coalesce(f.trials, 0), coalesce(f.errors, 0))

-- name: miscounted_bytes
SELECT c.function_id, c.kv_bytes, coalesce(sum(length(k.key) + length(k.value)), 0)
FROM function_counters AS c LEFT JOIN kv_store AS k ON k.function_id = c.function_id
GROUP BY c.function_id
HAVING c.kv_bytes <> coalesce(sum(length(k.key) + length(k.value)), 0)

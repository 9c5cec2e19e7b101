-- name: of_function
SELECT bucket - bucket % ?3, duration_class, sum(executions), sum(errors), sum(duration_ms)
FROM execution_stats WHERE function_id = ?1 AND bucket >= ?2
GROUP BY 1, 2 ORDER BY 1, 2

-- name: of_all
-- In the order of the primary key, so nothing has to be sorted.
SELECT function_id, duration_class, sum(executions), sum(errors), sum(duration_ms)
FROM execution_stats WHERE bucket >= ?1
GROUP BY function_id, duration_class ORDER BY function_id, duration_class

-- name: series
-- Most rows are wanted: finding each through the index would take longer than reading them all.
-- Sorting by one number, made of the span and the class, takes a quarter less than sorting by two.
SELECT (bucket - bucket % ?2) * 1024 + duration_class + 1,
       sum(executions), sum(errors), sum(duration_ms)
FROM execution_stats WHERE {unindexed bucket} >= ?1
GROUP BY 1 ORDER BY 1

-- name: of_one
SELECT duration_class, sum(executions), sum(errors), sum(duration_ms)
FROM execution_stats WHERE function_id = ?1 AND bucket >= ?2
GROUP BY duration_class ORDER BY duration_class

-- name: last_execution
-- What deleted versions have left is out of sight until the clean-up has removed it.
SELECT {short}, NULL, NULL, NULL
FROM executions {use executions_newest}
WHERE function_id = ?1 AND function_version_id NOT IN
      (SELECT version_id FROM execution_counters WHERE deleted = 1 AND executions > 0)
ORDER BY created_at DESC, seq DESC LIMIT 1

-- name: names
SELECT id, name FROM functions

-- name: running
SELECT count(*) FROM executions {use executions_pending} WHERE status = 'pending'

-- name: unmerged
SELECT DISTINCT bucket FROM execution_stats {use execution_stats_old}
WHERE bucket < ?1 AND bucket % ?2 <> 0

-- name: take_rows
DELETE FROM execution_stats
WHERE bucket = ?1 AND (function_id, duration_class) IN (
    SELECT function_id, duration_class FROM execution_stats WHERE bucket = ?1 LIMIT ?2
)
RETURNING function_id, duration_class, executions, errors, duration_ms

-- name: read_execution
SELECT {short}, error_message, event_json, NULL
FROM executions WHERE seq = ?1

-- name: read_summary
SELECT {short}, substr(error_message, 1, {error_chars}), NULL, NULL
FROM executions WHERE seq = ?1

-- name: count_executions
SELECT coalesce(sum(executions), 0) FROM execution_counters WHERE function_id = ?1 AND deleted = 0

-- name: count_all
SELECT coalesce(sum(executions), 0) FROM execution_counters WHERE deleted = 0

-- name: has_deleted
SELECT EXISTS (SELECT 1 FROM execution_counters WHERE deleted = 1 AND executions > 0)

-- name: bounds
SELECT coalesce((SELECT seq FROM executions ORDER BY seq LIMIT 1), 1),
       coalesce((SELECT seq + 1 FROM executions ORDER BY seq DESC LIMIT 1), 1)

-- name: next_row
SELECT seq, created_at FROM executions WHERE seq >= ?1 ORDER BY seq LIMIT 1

-- name: name
SELECT id, name FROM functions WHERE id = ?1

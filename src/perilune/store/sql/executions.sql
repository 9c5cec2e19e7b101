-- name: open_execution
INSERT INTO executions (id, function_id, function_version_id, event_json, trigger, created_at, status)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending')

-- name: insert_execution
INSERT INTO executions (id, function_id, function_version_id, status, duration_ms, error_message,
                        error_kind, event_json, response_json, trigger, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)

-- name: close_as_success
UPDATE executions SET status = 'success', duration_ms = ?2, error_message = NULL,
                      response_json = NULL, error_kind = NULL
WHERE id = ?1

-- name: close_execution
UPDATE executions SET status = ?2, duration_ms = ?3, error_message = ?4, response_json = ?5,
                      error_kind = ?6
WHERE id = ?1

-- name: get_execution
SELECT id, function_id, function_version_id, status, duration_ms, error_message, error_kind,
       event_json, response_json, trigger, created_at
FROM executions WHERE id = ?1

-- name: list_executions
SELECT id, function_id, function_version_id, status, duration_ms, error_message, error_kind,
       event_json, NULL, trigger, created_at
FROM executions WHERE function_id = ?1
ORDER BY created_at DESC, seq DESC
LIMIT ?2 OFFSET ?3

-- name: count_executions
SELECT executions FROM function_counters WHERE function_id = ?1

-- name: delete_old_executions
DELETE FROM executions WHERE seq IN (
    SELECT seq FROM executions WHERE function_id = ?1 AND created_at < ?2
    ORDER BY created_at LIMIT ?3
)

-- name: recover_pending
UPDATE executions SET status = 'error', error_message = ?2, error_kind = ?3
WHERE status = 'pending' AND created_at < ?1

-- name: miscounted_executions
SELECT c.function_id, c.executions, count(e.seq)
FROM function_counters AS c LEFT JOIN executions AS e ON e.function_id = c.function_id
GROUP BY c.function_id HAVING c.executions <> count(e.seq)

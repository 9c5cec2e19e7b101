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
FROM executions WHERE id = ?1 AND EXISTS (SELECT 1 FROM visible_executions WHERE id = ?1)

-- name: find_execution
SELECT seq, status
FROM executions WHERE id = ?1 AND EXISTS (SELECT 1 FROM visible_executions WHERE id = ?1)

-- name: recover_pending
UPDATE executions SET status = 'error', error_message = ?2, error_kind = ?3
WHERE status = 'pending' AND created_at < ?1

-- name: miscounted_executions
SELECT c.version_id, c.executions, coalesce(f.number, 0)
FROM execution_counters AS c
LEFT JOIN (
    SELECT function_id, function_version_id, count(*) AS number
    FROM executions GROUP BY function_id, function_version_id
) AS f ON f.function_id = c.function_id AND f.function_version_id = c.version_id
WHERE c.executions <> coalesce(f.number, 0)

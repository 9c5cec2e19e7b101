-- name: open_executions
INSERT INTO executions (id, function_id, function_version_id, event_json, trigger, created_at, status)
VALUES {rows}

-- name: insert_executions
INSERT INTO executions (id, function_id, function_version_id, event_json, trigger, created_at, status,
                        duration_ms, error_message, error_kind, response_json)
VALUES {rows}

-- name: close_as_success
UPDATE executions SET status = 'success', duration_ms = ?2, error_message = NULL,
                      response_json = NULL, error_kind = NULL
WHERE id = ?1 AND +status = 'pending' -- the + keeps SQLite from going through all that are

-- name: close_execution
UPDATE executions SET status = ?2, duration_ms = ?3, error_message = ?4, response_json = ?5,
                      error_kind = ?6
WHERE id = ?1 AND +status = 'pending'

-- name: find_outcome
SELECT status, function_id, function_version_id, trigger, created_at FROM executions WHERE id = ?1

-- name: overwrite_outcome
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
WHERE seq IN (
    SELECT seq FROM executions WHERE status = 'pending' AND created_at < ?1 LIMIT ?4
)
RETURNING function_id, function_version_id, trigger, created_at, status, duration_ms

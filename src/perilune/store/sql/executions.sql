-- `{short}` are the columns of all but large texts, `{columns}` and `{outcome}` those that are
-- written: the first ones of a list, see `tables/executions.py`.

-- name: open_executions
INSERT INTO executions ({columns})
VALUES {rows}

-- name: close_execution
UPDATE executions SET {outcome}
WHERE executions.id = ?1 AND {unindexed executions.status} = 'pending' -- or SQLite would go through all that are

-- name: find_outcome
SELECT status, function_id, function_version_id, trigger, created_at FROM executions WHERE id = ?1

-- name: overwrite_outcome
UPDATE executions SET {outcome}
WHERE executions.id = ?1

-- name: lock
SELECT 1 FROM executions WHERE id = ?1 FOR UPDATE

-- name: get_execution
SELECT {short}, error_message, event_json, response_json
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

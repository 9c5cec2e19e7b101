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
-- All of before, or with ?5 those of no server that was heard of in the last so many seconds.
UPDATE executions SET status = 'error', error_message = ?2, error_kind = ?3
WHERE seq IN (
    SELECT e.seq FROM executions AS e
    WHERE e.status = 'pending' AND e.created_at < ?1
      AND (CAST(?5 AS DOUBLE PRECISION) IS NULL OR NOT EXISTS (
          SELECT 1 FROM servers AS s
          WHERE s.id = e.server_id
            AND s.heartbeat > {now} - CAST(?5 AS DOUBLE PRECISION)
      ))
    LIMIT ?4
) AND {unindexed executions.status} = 'pending'
RETURNING function_id, function_version_id, trigger, created_at, status, duration_ms

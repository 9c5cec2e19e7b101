-- name: insert_lines
INSERT INTO logs (execution_id, id, level, message, timestamp) VALUES {rows}

-- name: list_lines
SELECT execution_id, level, message, timestamp FROM logs
WHERE execution_id = ?1 AND EXISTS (SELECT 1 FROM visible_executions WHERE id = ?1)
ORDER BY seq
LIMIT ?2 OFFSET ?3

-- name: count_lines
SELECT count(*) FROM logs WHERE execution_id = ?1 AND EXISTS (SELECT 1 FROM visible_executions WHERE id = ?1)

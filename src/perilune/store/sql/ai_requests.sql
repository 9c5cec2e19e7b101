-- name: insert_requests
INSERT INTO ai_requests (id, execution_id, provider, model, endpoint, request_json, response_json,
                         status, error_message, input_tokens, output_tokens, duration_ms, created_at)
VALUES {rows}

-- name: list_requests
SELECT id, execution_id, provider, model, endpoint, request_json, response_json,
       status, error_message, input_tokens, output_tokens, duration_ms, created_at
FROM ai_requests WHERE execution_id = ?1 AND EXISTS (SELECT 1 FROM visible_executions WHERE id = ?1)
ORDER BY seq
LIMIT ?2 OFFSET ?3

-- name: count_requests
SELECT count(*) FROM ai_requests WHERE execution_id = ?1 AND EXISTS (SELECT 1 FROM visible_executions WHERE id = ?1)

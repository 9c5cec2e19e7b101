-- name: insert_requests
INSERT INTO email_requests (id, execution_id, from_address, to_addresses, subject, has_text, has_html,
                            request_json, response_json, status, error_message, email_id, duration_ms,
                            created_at)
VALUES {rows}

-- name: list_requests
SELECT id, execution_id, from_address, to_addresses, subject, has_text, has_html,
       request_json, response_json, status, error_message, email_id, duration_ms, created_at
FROM email_requests WHERE execution_id = ?1 AND EXISTS (SELECT 1 FROM visible_executions WHERE id = ?1)
ORDER BY seq
LIMIT ?2 OFFSET ?3

-- name: count_requests
SELECT count(*) FROM email_requests WHERE execution_id = ?1 AND EXISTS (SELECT 1 FROM visible_executions WHERE id = ?1)

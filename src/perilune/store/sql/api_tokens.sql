-- name: insert_token
INSERT INTO api_tokens (id, name, token_hash, scopes, created_at, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)

-- name: is_name_taken
SELECT 1 FROM api_tokens WHERE name = ?1

-- name: find_token
SELECT {columns} FROM api_tokens WHERE token_hash = ?1

-- name: list_tokens
SELECT {columns} FROM api_tokens ORDER BY created_at DESC, id DESC LIMIT ?1 OFFSET ?2

-- name: count_tokens
SELECT count(*) FROM api_tokens

-- name: note_token_use
UPDATE api_tokens SET last_used_at = ?2 WHERE id = ?1

-- name: delete_token
DELETE FROM api_tokens WHERE id = ?1 RETURNING {columns}

-- name: add_secret
INSERT INTO signing_secrets (function_id, id, value, key_id, created_at)
VALUES (?1, ?2, ?3, ?4, ?5)

-- name: count_secrets
SELECT count(*) FROM signing_secrets WHERE function_id = ?1

-- name: list_secrets
SELECT id, function_id, created_at FROM signing_secrets
WHERE function_id = ?1 ORDER BY created_at, id

-- name: secret_values
SELECT id, value, key_id FROM signing_secrets
WHERE function_id = ?1 ORDER BY created_at, id

-- name: delete_secret
DELETE FROM signing_secrets WHERE function_id = ?1 AND id = ?2

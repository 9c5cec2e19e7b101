-- name: get_variable
SELECT value FROM env_vars WHERE function_id = ?1 AND key = ?2

-- name: set_variable
INSERT INTO env_vars (function_id, key, value) VALUES (?1, ?2, ?3)
ON CONFLICT (function_id, key) DO UPDATE SET value = excluded.value

-- name: delete_variable
DELETE FROM env_vars WHERE function_id = ?1 AND key = ?2

-- name: all_variables
SELECT key, value FROM env_vars WHERE function_id = ?1 ORDER BY key

-- name: clear_variables
DELETE FROM env_vars WHERE function_id = ?1

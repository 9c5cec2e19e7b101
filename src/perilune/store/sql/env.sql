-- name: get_variable
SELECT value, key_id FROM env_vars WHERE function_id = ?1 AND key = ?2

-- name: set_variable
INSERT INTO env_vars (function_id, key, value, key_id, write_only)
VALUES (?1, ?2, ?3, ?4, coalesce(?5, 0))
ON CONFLICT (function_id, key) DO UPDATE
SET value = excluded.value, key_id = excluded.key_id, write_only = coalesce(?5, env_vars.write_only)

-- name: hide_variable
UPDATE env_vars SET write_only = 1 WHERE function_id = ?1 AND key = ?2

-- name: delete_variable
DELETE FROM env_vars WHERE function_id = ?1 AND key = ?2

-- name: all_variables
SELECT key, value, key_id, write_only FROM env_vars WHERE function_id = ?1 ORDER BY key

-- name: variable_names
SELECT key, write_only FROM env_vars WHERE function_id = ?1 ORDER BY key

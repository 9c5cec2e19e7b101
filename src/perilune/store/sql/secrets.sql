-- name: key_ids
SELECT DISTINCT key_id FROM env_vars WHERE key_id IS NOT NULL
UNION SELECT DISTINCT key_id FROM signing_secrets WHERE key_id IS NOT NULL

-- name: stale_env_vars
SELECT function_id, key, value, key_id FROM env_vars WHERE key_id IS DISTINCT FROM ?1 LIMIT ?2

-- name: stale_signing_secrets
SELECT function_id, id, value, key_id FROM signing_secrets WHERE key_id IS DISTINCT FROM ?1 LIMIT ?2

-- name: reseal_env_vars
UPDATE env_vars SET value = ?3, key_id = ?4 WHERE function_id = ?1 AND key = ?2

-- name: reseal_signing_secrets
UPDATE signing_secrets SET value = ?3, key_id = ?4 WHERE function_id = ?1 AND id = ?2

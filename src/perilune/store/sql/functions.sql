-- name: insert_function
INSERT INTO functions (id, name, description, disabled, retention_days, cron_schedule,
                       cron_status, save_response, env_writable, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)

-- name: get_function
SELECT id, name, description, disabled, retention_days, cron_schedule, cron_status,
       save_response, env_writable, created_at, updated_at
FROM functions WHERE id = ?1

-- name: function_exists
SELECT 1 FROM functions WHERE id = ?1

-- name: list_functions
SELECT f.id, f.name, f.description, f.disabled, f.retention_days, f.cron_schedule,
       f.cron_status, f.save_response, f.env_writable, f.created_at, f.updated_at,
       v.id, v.function_id, v.version, v.code, v.created_at, v.created_by, v.is_active
FROM functions AS f
LEFT JOIN function_versions AS v ON v.function_id = f.id AND v.is_active = 1
ORDER BY f.created_at DESC, f.id DESC
LIMIT ?1 OFFSET ?2

-- name: count_functions
SELECT count(*) FROM functions

-- name: list_function_ids
SELECT id FROM functions ORDER BY id

-- name: list_active_cron
SELECT id, name, description, disabled, retention_days, cron_schedule, cron_status,
       save_response, env_writable, created_at, updated_at
FROM functions
WHERE cron_status = 'active' AND cron_schedule <> '' AND disabled = 0
ORDER BY created_at, id

-- name: update_function
-- Each setting comes as a pair: is it given, and its value.
UPDATE functions SET
    name           = CASE WHEN ?3  THEN ?4  ELSE name END,
    description    = CASE WHEN ?5  THEN ?6  ELSE description END,
    disabled       = CASE WHEN ?7  THEN ?8  ELSE disabled END,
    retention_days = CASE WHEN ?9  THEN ?10 ELSE retention_days END,
    cron_schedule  = CASE WHEN ?11 THEN ?12 ELSE cron_schedule END,
    cron_status    = CASE WHEN ?13 THEN ?14 ELSE cron_status END,
    save_response  = CASE WHEN ?15 THEN ?16 ELSE save_response END,
    env_writable   = CASE WHEN ?17 THEN ?18 ELSE env_writable END,
    updated_at     = ?2
WHERE id = ?1

-- name: touch_function
UPDATE functions SET updated_at = ?2 WHERE id = ?1

-- name: delete_executions_of_function
DELETE FROM executions WHERE function_id = ?1

-- name: delete_function
DELETE FROM functions WHERE id = ?1

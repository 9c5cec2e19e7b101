-- `{columns}` stands for all columns of the table, in the order of `versions.py`.

-- name: next_version
UPDATE function_counters SET last_version = last_version + 1
WHERE function_id = ?1
RETURNING last_version

-- name: deactivate_versions
UPDATE function_versions SET is_active = 0 WHERE function_id = ?1 AND is_active = 1

-- name: insert_version
INSERT INTO function_versions (id, function_id, version, code, created_at, created_by, is_active,
                               runtime, requirements, note)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, 1, runtime, ?7, ?8 FROM functions WHERE id = ?2
RETURNING {columns}

-- name: get_version
SELECT {columns}
FROM function_versions WHERE function_id = ?1 AND version = ?2

-- name: get_version_by_id
SELECT {columns}
FROM function_versions WHERE id = ?1

-- name: get_active_version
SELECT {columns}
FROM function_versions WHERE function_id = ?1 AND is_active = 1

-- name: list_versions
SELECT {columns}
FROM function_versions WHERE function_id = ?1
ORDER BY version DESC
LIMIT ?2 OFFSET ?3

-- name: summarize_versions
-- Of the code only the beginning that is not blank is read into the answer.
SELECT v.id, v.function_id, v.version, v.created_at, v.created_by, v.is_active, v.runtime,
       v.requirements, v.note, {bytes of v.code},
       substr(ltrim(v.code, '{blank}'), 1, {first_line_chars}),
       c.executions - c.trials, c.errors
FROM function_versions AS v
JOIN execution_counters AS c ON c.function_id = v.function_id AND c.version_id = v.id
WHERE v.function_id = ?1
ORDER BY v.version DESC
LIMIT ?2 OFFSET ?3

-- name: count_versions
SELECT count(*) FROM function_versions WHERE function_id = ?1

-- name: lock
SELECT 1 FROM functions
WHERE id = (SELECT function_id FROM function_versions WHERE id = ?1) FOR NO KEY UPDATE

-- name: version_owner
SELECT function_id, is_active FROM function_versions WHERE id = ?1

-- name: activate_version
UPDATE function_versions SET is_active = 1 WHERE id = ?1

-- name: delete_version
DELETE FROM function_versions WHERE id = ?1

-- name: keep_executions
-- Deleting a version puts its executions out of sight; this brings them back.
UPDATE execution_counters SET deleted = 0 WHERE function_id = ?1 AND version_id = ?2

-- name: list_requirements
SELECT DISTINCT requirements FROM function_versions WHERE requirements IS NOT NULL

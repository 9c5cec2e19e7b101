-- Rows of Lunar (schema `lunar`) become rows of ours, a span of rowids (?1, ?2] at a time.
-- Rowids are Lunar's order of insertion.  `{table.column}` is NULL where Lunar's schema does
-- not have the column yet.  SQLite's columns take any type, so every value is cast; text goes
-- through `lunar_text`, which sees its bytes and replaces what is not UTF-8.
-- OR IGNORE drops rows whose key is taken already; nothing else can be refused here.
-- CROSS JOIN and unary + make SQLite go along the rowids, which is the order of the new rows too.

-- name: create_chosen
CREATE TEMP TABLE lunar_functions (
    id     TEXT    NOT NULL PRIMARY KEY,
    chosen INTEGER NOT NULL -- 0: there is a function with this id already
) WITHOUT ROWID

-- name: choose_functions
INSERT INTO temp.lunar_functions (id, chosen)
SELECT f.id, NOT EXISTS (SELECT 1 FROM main.functions AS ours WHERE ours.id = f.id)
FROM lunar.functions AS f
WHERE typeof(f.id) = 'text' AND lunar_is_text(CAST(f.id AS BLOB))

-- name: drop_chosen
DROP TABLE temp.lunar_functions

-- name: count_ours
SELECT count(*) FROM main.functions

-- name: take_functions
INSERT OR IGNORE INTO main.functions (id, name, description, disabled, retention_days,
    cron_schedule, cron_status, cron_since, save_response, created_at, updated_at)
SELECT id,
       coalesce(lunar_text(CAST(name AS BLOB)), ''),
       lunar_text(CAST(description AS BLOB)),
       coalesce(CAST({functions.disabled} AS INTEGER) <> 0, 0),
       CAST({functions.retention_days} AS INTEGER),
       lunar_schedule(CAST({functions.cron_schedule} AS BLOB)),
       -- Nothing is active without a schedule.
       CASE WHEN {functions.cron_status} = 'active'
            AND lunar_schedule(CAST({functions.cron_schedule} AS BLOB)) IS NOT NULL
            THEN 'active' ELSE 'paused' END,
       CASE {functions.cron_status} WHEN 'active' THEN CAST(?3 AS INTEGER) END,
       coalesce(CAST({functions.save_response} AS INTEGER) <> 0, 0),
       coalesce(CAST(created_at AS INTEGER), 0),
       coalesce(CAST(updated_at AS INTEGER), 0)
FROM lunar.functions
WHERE rowid > ?1 AND rowid <= ?2
  AND +id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
ORDER BY rowid

-- name: take_function_versions
INSERT OR IGNORE INTO main.function_versions
    (id, function_id, version, code, created_at, created_by, is_active)
SELECT lunar_text(CAST(v.id AS BLOB)),
       v.function_id,
       CAST(v.version AS INTEGER),
       coalesce(lunar_text(CAST(v.code AS BLOB)), ''),
       coalesce(CAST(v.created_at AS INTEGER), 0),
       lunar_text(CAST(v.created_by AS BLOB)),
       coalesce(v.rowid = (SELECT a.rowid FROM lunar.function_versions AS a
                           WHERE a.function_id = v.function_id AND a.is_active <> 0
                           ORDER BY a.version DESC LIMIT 1), 0)
FROM lunar.function_versions AS v
WHERE v.rowid > ?1 AND v.rowid <= ?2 AND v.id IS NOT NULL
  AND +v.function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
ORDER BY v.rowid

-- name: continue_counters
UPDATE main.function_counters
SET last_version = max(last_version,
    coalesce((SELECT max(v.version) FROM main.function_versions AS v
              WHERE v.function_id = function_counters.function_id), 0))
WHERE function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)

-- name: take_env_vars
INSERT OR IGNORE INTO main.env_vars (function_id, key, value)
SELECT function_id,
       lunar_text(CAST(key AS BLOB)),
       coalesce(lunar_text(CAST(value AS BLOB)), '')
FROM lunar.env_vars
WHERE rowid > ?1 AND rowid <= ?2
  AND +function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
ORDER BY rowid

-- name: take_kv_store
INSERT OR IGNORE INTO main.kv_store (function_id, key, value)
SELECT function_id, CAST(key AS BLOB), coalesce(CAST(value AS BLOB), x'')
FROM lunar.kv_store
WHERE rowid > ?1 AND rowid <= ?2
  AND +function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
ORDER BY rowid
RETURNING function_id, length(key) + length(value)

-- name: take_executions
INSERT OR IGNORE INTO main.executions (id, function_id, function_version_id, status, duration_ms,
    error_message, trigger, created_at, event_json, response_json)
SELECT lunar_text(CAST(e.id AS BLOB)),
       e.function_id,
       e.function_version_id,
       CASE WHEN e.status = 'success' THEN 'success' WHEN e.status <> 'pending' THEN 'error'
            ELSE 'pending' END,
       CAST(e.duration_ms AS INTEGER),
       lunar_text(CAST(e.error_message AS BLOB)),
       CASE {executions.trigger} WHEN 'cron' THEN 'cron' ELSE 'http' END,
       coalesce(CAST(e.created_at AS INTEGER), 0),
       lunar_text(CAST({executions.event_json} AS BLOB)),
       lunar_text(CAST({executions.response_json} AS BLOB))
FROM lunar.executions AS e
CROSS JOIN main.function_versions AS v
  ON v.id = e.function_version_id AND v.function_id = e.function_id
WHERE e.rowid > ?1 AND e.rowid <= ?2 AND e.id IS NOT NULL
  AND +e.function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
ORDER BY e.rowid
RETURNING function_id, function_version_id, status, trigger, duration_ms, created_at

-- name: take_logs
INSERT INTO main.logs (id, execution_id, level, message, timestamp)
SELECT coalesce(lunar_text(CAST(l.id AS BLOB)), ''),
       l.execution_id,
       coalesce(CAST(l.level AS INTEGER), 0),
       coalesce(lunar_text(CAST(l.message AS BLOB)), ''),
       coalesce(CAST(l.timestamp AS INTEGER), 0)
FROM lunar.logs AS l
CROSS JOIN main.executions AS e ON e.id = l.execution_id
WHERE l.rowid > ?1 AND l.rowid <= ?2
  AND +e.function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
ORDER BY l.rowid

-- name: take_ai_requests
INSERT OR IGNORE INTO main.ai_requests (id, execution_id, provider, model, endpoint, request_json,
    response_json, status, error_message, input_tokens, output_tokens, duration_ms, created_at)
SELECT lunar_text(CAST(r.id AS BLOB)),
       r.execution_id,
       coalesce(lunar_text(CAST(r.provider AS BLOB)), ''),
       coalesce(lunar_text(CAST(r.model AS BLOB)), ''),
       coalesce(lunar_text(CAST(r.endpoint AS BLOB)), ''),
       coalesce(lunar_text(CAST(r.request_json AS BLOB)), ''),
       lunar_text(CAST(r.response_json AS BLOB)),
       CASE r.status WHEN 'success' THEN 'success' ELSE 'error' END,
       lunar_text(CAST(r.error_message AS BLOB)),
       CAST(r.input_tokens AS INTEGER),
       CAST(r.output_tokens AS INTEGER),
       coalesce(CAST(r.duration_ms AS INTEGER), 0),
       coalesce(CAST(r.created_at AS INTEGER), 0)
FROM lunar.ai_requests AS r
CROSS JOIN main.executions AS e ON e.id = r.execution_id
WHERE r.rowid > ?1 AND r.rowid <= ?2 AND r.id IS NOT NULL
  AND +e.function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
ORDER BY r.rowid

-- name: take_email_requests
INSERT OR IGNORE INTO main.email_requests (id, execution_id, from_address, to_addresses, subject,
    has_text, has_html, request_json, response_json, status, error_message, email_id,
    duration_ms, created_at)
SELECT lunar_text(CAST(r.id AS BLOB)),
       r.execution_id,
       coalesce(lunar_text(CAST(r.from_address AS BLOB)), ''),
       lunar_recipients(CAST(r.to_addresses AS BLOB), CAST(r.request_json AS BLOB)),
       coalesce(lunar_text(CAST(r.subject AS BLOB)), ''),
       coalesce(CAST(r.has_text AS INTEGER) <> 0, 0),
       coalesce(CAST(r.has_html AS INTEGER) <> 0, 0),
       coalesce(lunar_text(CAST(r.request_json AS BLOB)), ''),
       lunar_text(CAST(r.response_json AS BLOB)),
       CASE r.status WHEN 'success' THEN 'success' ELSE 'error' END,
       lunar_text(CAST(r.error_message AS BLOB)),
       lunar_text(CAST(r.email_id AS BLOB)),
       coalesce(CAST(r.duration_ms AS INTEGER), 0),
       coalesce(CAST(r.created_at AS INTEGER), 0)
FROM lunar.email_requests AS r
CROSS JOIN main.executions AS e ON e.id = r.execution_id
WHERE r.rowid > ?1 AND r.rowid <= ?2 AND r.id IS NOT NULL
  AND +e.function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
ORDER BY r.rowid

-- name: count_empty_schedules
SELECT count(*) FROM lunar.functions
WHERE {functions.cron_schedule} = '' AND id IN (SELECT id FROM temp.lunar_functions WHERE chosen)

-- name: list_schedules
SELECT cron_schedule FROM main.functions
WHERE cron_status = 'active' AND id IN (SELECT id FROM temp.lunar_functions WHERE chosen)

-- name: count_several_active
SELECT count(*) FROM (
    SELECT 1 FROM lunar.function_versions
    WHERE is_active <> 0 AND function_id IN (SELECT id FROM temp.lunar_functions WHERE chosen)
    GROUP BY function_id HAVING count(*) > 1)

-- name: count_without_active
SELECT count(*) FROM temp.lunar_functions AS f
WHERE chosen AND NOT EXISTS (
    SELECT 1 FROM main.function_versions AS v WHERE v.function_id = f.id AND v.is_active = 1)

-- name: count_logs_of_functions
SELECT count(*) FROM lunar.logs WHERE execution_id IN (SELECT id FROM temp.lunar_functions)

-- What belongs to functions that are ours already.

-- name: present_functions
SELECT count(*) FROM temp.lunar_functions WHERE NOT chosen

-- name: present_of_function
SELECT count(*) FROM lunar.{table}
WHERE function_id IN (SELECT id FROM temp.lunar_functions WHERE NOT chosen)

-- name: present_of_execution
SELECT count(*) FROM lunar.{table} AS r JOIN lunar.executions AS e ON e.id = r.execution_id
WHERE e.function_id IN (SELECT id FROM temp.lunar_functions WHERE NOT chosen)

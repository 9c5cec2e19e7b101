-- name: function_ids
SELECT id FROM functions

-- name: due_functions
-- One statement for all functions, each with its own limit of age (?2: the days without one).
SELECT f.id, ?1 - coalesce(f.retention_days, ?2) * 86400
FROM functions AS f
WHERE EXISTS (
    SELECT 1 FROM executions AS e
    WHERE e.function_id = f.id AND e.created_at < ?1 - coalesce(f.retention_days, ?2) * 86400
)

-- name: executions_before
-- Behind the place (?2, ?3), oldest first.
SELECT created_at, seq FROM executions
WHERE function_id = ?1 AND (created_at, seq) > (?2, ?3) AND created_at < ?4
ORDER BY created_at, seq LIMIT ?5

-- name: executions_up_to
-- As above, up to and with the place (?4, ?5); running ones stay.
SELECT created_at, seq FROM executions
WHERE function_id = ?1 AND (created_at, seq) > (?2, ?3) AND (created_at, seq) <= (?4, ?5)
  AND status <> 'pending'
ORDER BY created_at, seq LIMIT ?6

-- name: executions_of_version
SELECT created_at, seq FROM executions
WHERE function_id = ?1 AND (created_at, seq) > (?2, ?3) AND function_version_id = ?4
ORDER BY created_at, seq LIMIT ?5

-- name: limited_functions
SELECT id, retention_bytes FROM functions WHERE retention_bytes IS NOT NULL

-- name: sizes_of_executions
-- Before the place (?2, ?3), newest first, with the bytes of all that belongs to each.
SELECT created_at, seq,
       coalesce({bytes of event_json}, 0)
       + coalesce({bytes of response_json}, 0)
       + coalesce({bytes of error_message}, 0)
       + (SELECT coalesce(sum({bytes of message}), 0)
          FROM logs WHERE execution_id = e.id)
       + (SELECT coalesce(sum({bytes of request_json}
                              + coalesce({bytes of response_json}, 0)), 0)
          FROM ai_requests WHERE execution_id = e.id)
       + (SELECT coalesce(sum({bytes of request_json}
                              + coalesce({bytes of response_json}, 0)), 0)
          FROM email_requests WHERE execution_id = e.id)
FROM executions AS e
WHERE function_id = ?1 AND (created_at, seq) < (?2, ?3)
ORDER BY created_at DESC, seq DESC LIMIT ?4

-- name: delete_logs
DELETE FROM logs WHERE execution_id IN (
    SELECT id FROM executions WHERE seq IN ({numbers in ?1})
)

-- name: delete_ai_requests
DELETE FROM ai_requests WHERE execution_id IN (
    SELECT id FROM executions WHERE seq IN ({numbers in ?1})
)

-- name: delete_email_requests
DELETE FROM email_requests WHERE execution_id IN (
    SELECT id FROM executions WHERE seq IN ({numbers in ?1})
)

-- name: delete_executions
DELETE FROM executions WHERE seq IN ({numbers in ?1})
RETURNING function_id, function_version_id, status, trigger

-- name: deleted_versions
SELECT function_id, version_id FROM execution_counters WHERE deleted = 1 AND executions > 0

-- name: with_empty_rows
SELECT DISTINCT function_id FROM execution_counters WHERE deleted = 1 AND executions = 0

-- name: forget_versions
-- Empty rows, as long as that does not take a search through many executions (?2; see the trigger
-- `function_versions_removed`).
DELETE FROM execution_counters
WHERE function_id = ?1 AND deleted = 1 AND executions = 0
  AND (SELECT sum(executions) FROM execution_counters WHERE function_id = ?1) <= ?2

-- name: count_of_function
SELECT coalesce(sum(executions), 0) FROM execution_counters WHERE function_id = ?1

-- name: count_of_version
SELECT executions FROM execution_counters WHERE function_id = ?1 AND version_id = ?2

-- name: pending_of_function
-- There are few, whatever else the function has.
SELECT seq FROM executions {use executions_pending}
WHERE status = 'pending' AND function_id = ?1

-- name: pending_of_version
SELECT seq FROM executions {use executions_pending}
WHERE status = 'pending' AND function_id = ?1 AND function_version_id = ?2

-- name: all_of_function
SELECT seq FROM executions WHERE function_id = ?1

-- name: all_of_version
SELECT seq FROM executions WHERE function_id = ?1 AND function_version_id = ?2

-- name: orphans
-- What refers to no execution among up to ?2 rows behind ?1; the last line is where to go on.
SELECT seq, NOT EXISTS (SELECT 1 FROM executions WHERE id = t.execution_id)
FROM {table} AS t WHERE seq > ?1 ORDER BY seq LIMIT ?2

-- name: delete_orphans
DELETE FROM {table} WHERE seq IN ({numbers in ?1})
  AND NOT EXISTS (SELECT 1 FROM executions WHERE id = execution_id)

-- name: purge_sessions
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ?1 LIMIT ?2)

-- name: purge_seen_messages
DELETE FROM seen_messages WHERE (function_id, message) IN (
    SELECT function_id, message FROM seen_messages WHERE until < ?1 LIMIT ?2
)

-- name: purge_rate_limits
DELETE FROM rate_limits WHERE function_id IN (
    SELECT function_id FROM rate_limits WHERE full_at < ?1 LIMIT ?2
) AND full_at < ?1

-- name: purge_failed_attempts
DELETE FROM failed_attempts WHERE address IN (
    SELECT address FROM failed_attempts WHERE failed_at < ?1 LIMIT ?2
) AND failed_at < ?1

-- name: purge_cron_ticks
-- The last one of each function stays: it says up to when nothing was missed.
DELETE FROM cron_ticks WHERE (function_id, tick) IN (
    SELECT t.function_id, t.tick FROM cron_ticks AS t
    WHERE t.tick < ?1 AND EXISTS (
        SELECT 1 FROM cron_ticks AS n WHERE n.function_id = t.function_id AND n.tick > t.tick
    )
    LIMIT ?2
)

-- name: purge_execution_stats
DELETE FROM execution_stats WHERE (function_id, bucket, duration_class) IN (
    SELECT function_id, bucket, duration_class FROM execution_stats WHERE bucket < ?1 LIMIT ?2
)

-- name: last_used
SELECT max(used_at) FROM (
    SELECT max(updated_at) AS used_at FROM functions
    UNION ALL
    SELECT created_at FROM (SELECT created_at FROM executions ORDER BY seq DESC LIMIT 1) AS newest
) AS used

-- name: revision
SELECT value FROM cron_revision

-- name: jobs
SELECT f.id, f.name, f.cron_schedule, f.cron_time_zone, f.cron_missed = 'run_once', f.cron_since,
       (SELECT max(t.tick) FROM cron_ticks AS t WHERE t.function_id = f.id AND t.tick <= ?1)
FROM functions AS f
WHERE f.cron_status = 'active' AND f.cron_schedule <> '' AND f.disabled = 0
ORDER BY f.id

-- name: claim
-- Nothing is inserted if the tick has been taken, or the schedule is another one by now.
-- A schedule that begins more than an hour from now was changed while the clock was wrong.
INSERT INTO cron_ticks (function_id, tick, outcome, reason, passed_over, claimed_at, execution_id,
                        server_id)
SELECT id, ?2, outcome, CASE outcome WHEN 'skipped' THEN 'the last one was still running' END,
       ?3, ?4, CASE outcome WHEN 'claimed' THEN ?5 END,
       CASE outcome WHEN 'claimed' THEN CAST(?9 AS TEXT) END
FROM (
    SELECT f.id, CASE WHEN f.cron_overlap = 'skip' AND EXISTS (
               SELECT 1 FROM cron_ticks AS r
               WHERE r.function_id = f.id AND r.outcome = 'claimed' AND r.claimed_at > ?6
           ) THEN 'skipped' ELSE 'claimed' END AS outcome
    FROM functions AS f
    WHERE f.id = ?1 AND f.disabled = 0 AND f.cron_status = 'active' AND f.cron_schedule = ?7
      AND f.cron_time_zone IS NOT DISTINCT FROM ?8 AND (f.cron_since IS NULL OR f.cron_since < ?2 OR f.cron_since > CAST(?4 AS BIGINT) + 3600)
) AS due
WHERE true
ON CONFLICT (function_id, tick) DO NOTHING
RETURNING outcome

-- name: miss
INSERT INTO cron_ticks (function_id, tick, outcome, reason, passed_over, claimed_at)
SELECT f.id, ?2, 'missed', ?7, ?3, ?4
FROM functions AS f
WHERE f.id = ?1 AND f.disabled = 0 AND f.cron_status = 'active' AND f.cron_schedule = ?5
  AND f.cron_time_zone IS NOT DISTINCT FROM ?6 AND (f.cron_since IS NULL OR f.cron_since < ?2 OR f.cron_since > CAST(?4 AS BIGINT) + 3600)
ON CONFLICT (function_id, tick) DO NOTHING
RETURNING outcome

-- name: finish
UPDATE cron_ticks
SET outcome = ?3, reason = ?4, execution_id = CASE ?3 WHEN 'started' THEN ?5 END
WHERE function_id = ?1 AND tick = ?2

-- name: recover
-- What a server has claimed and then died: the record of the execution says the rest, if any.
-- With ?3 only of servers that were not heard of in the last so many seconds.
UPDATE cron_ticks
SET (outcome, reason, execution_id) = (
    SELECT CASE WHEN e.id IS NULL THEN 'interrupted' ELSE 'started' END,
           CASE WHEN e.id IS NULL THEN 'the server ended before the execution began' END,
           e.id
    FROM (SELECT 1) AS one LEFT JOIN executions AS e ON e.id = cron_ticks.execution_id
)
WHERE outcome = 'claimed' AND claimed_at < ?1
  AND (CAST(?2 AS TEXT) IS NULL OR execution_id = ?2)
  AND (CAST(?3 AS DOUBLE PRECISION) IS NULL OR NOT EXISTS (
      SELECT 1 FROM servers AS s
      WHERE s.id = cron_ticks.server_id
        AND s.heartbeat > {now} - CAST(?3 AS DOUBLE PRECISION)
  ))

-- name: page
SELECT t.function_id, t.tick,
       CASE WHEN t.outcome = 'claimed' AND e.id IS NOT NULL THEN 'started' ELSE t.outcome END,
       t.reason, t.passed_over, t.claimed_at,
       CASE WHEN t.outcome = 'claimed' THEN e.id ELSE t.execution_id END,
       e.status
FROM cron_ticks AS t LEFT JOIN executions AS e ON e.id = t.execution_id
WHERE t.function_id = ?1
ORDER BY t.tick DESC
LIMIT ?2 OFFSET ?3

-- name: count
SELECT count(*) FROM cron_ticks WHERE function_id = ?1

-- name: scheduled
SELECT {columns_of_f}
FROM functions AS f
WHERE f.cron_schedule <> ''
ORDER BY f.created_at DESC, f.id DESC
LIMIT ?1 OFFSET ?2

-- name: count_scheduled
SELECT count(*) FROM functions WHERE cron_schedule <> ''

-- What servers on one database count together.  Times are Unix seconds.

-- name: see
INSERT INTO seen_messages (function_id, message, until) VALUES (?1, ?2, ?3)
ON CONFLICT (function_id, message) DO NOTHING

-- name: take
-- At ?2 a call of ?1, of which one more is there every ?3 seconds, and all after ?4.  Nothing is
-- changed, and returned, when there is none; sums may be off by a thousandth of a call.
INSERT INTO rate_limits (function_id, full_at)
VALUES (?1, CAST(?2 AS DOUBLE PRECISION) + CAST(?3 AS DOUBLE PRECISION))
ON CONFLICT (function_id) DO UPDATE
SET full_at = {lesser}(
        {greater}(rate_limits.full_at, CAST(?2 AS DOUBLE PRECISION)),
        CAST(?2 AS DOUBLE PRECISION) + CAST(?4 AS DOUBLE PRECISION)
    ) + CAST(?3 AS DOUBLE PRECISION)
WHERE {greater}(rate_limits.full_at, CAST(?2 AS DOUBLE PRECISION))
      <= CAST(?2 AS DOUBLE PRECISION) + CAST(?4 AS DOUBLE PRECISION)
         - 0.999 * CAST(?3 AS DOUBLE PRECISION)
RETURNING full_at

-- name: full_at
SELECT full_at FROM rate_limits WHERE function_id = ?1

-- name: shorten
-- The limit may have been changed since: nobody waits longer than the new window.
UPDATE rate_limits SET full_at = ?2 WHERE function_id = ?1 AND full_at > ?2

-- name: fail
-- At ?2; failures are forgotten after ?3 seconds without another.
INSERT INTO failed_attempts (address, failures, failed_at)
VALUES (?1, 1, CAST(?2 AS DOUBLE PRECISION))
ON CONFLICT (address) DO UPDATE
SET failures = CASE
        WHEN failed_attempts.failed_at
             < CAST(?2 AS DOUBLE PRECISION) - CAST(?3 AS DOUBLE PRECISION) THEN 1
        ELSE failed_attempts.failures + 1
    END,
    failed_at = excluded.failed_at
RETURNING failures, failed_at

-- name: failures
SELECT failures, failed_at FROM failed_attempts WHERE address = ?1

-- name: succeed
DELETE FROM failed_attempts WHERE address = ?1

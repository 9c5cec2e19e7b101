-- Each has one parameter, a JSON array with an array of values for each row.  Rows are locked in the
-- order of their keys first: an UPDATE with a join takes them in any order, and servers that meet
-- would wait for one another.  Without another lock: foreign keys lock them too, and nothing is
-- changed that those mind.

-- name: add_executions
-- NULL is refused: nothing can be added to what has been deleted.
WITH given AS (
    SELECT row ->> 0 AS function_id, row ->> 1 AS version_id, (row ->> 2)::bigint AS executions,
           (row ->> 3)::bigint AS trials, (row ->> 4)::bigint AS errors
    FROM json_array_elements($1::json) AS row
), locked AS MATERIALIZED (
    SELECT c.function_id, c.version_id, g.executions, g.trials, g.errors
    FROM execution_counters AS c JOIN given AS g USING (function_id, version_id)
    ORDER BY c.function_id, c.version_id
    FOR NO KEY UPDATE OF c
)
UPDATE execution_counters AS c
SET executions = CASE WHEN c.deleted = 0 OR g.executions <= 0 THEN c.executions + g.executions END,
    trials = c.trials + g.trials,
    errors = c.errors + g.errors
FROM locked AS g
WHERE c.function_id = g.function_id AND c.version_id = g.version_id

-- name: add_ended
INSERT INTO execution_stats AS s
    (function_id, duration_class, bucket, executions, errors, duration_ms)
SELECT row ->> 0, (row ->> 1)::bigint, (row ->> 2)::bigint, (row ->> 3)::bigint,
       (row ->> 4)::bigint, (row ->> 5)::bigint
FROM json_array_elements($1::json) WITH ORDINALITY AS given (row, place)
ORDER BY place
ON CONFLICT (function_id, duration_class, bucket) DO UPDATE SET
    executions = s.executions + excluded.executions,
    errors = s.errors + excluded.errors,
    duration_ms = s.duration_ms + excluded.duration_ms

-- name: add_bytes
UPDATE function_counters AS c SET kv_bytes = c.kv_bytes + (row ->> 1)::bigint
FROM json_array_elements($1::json) AS row
WHERE c.function_id = row ->> 0

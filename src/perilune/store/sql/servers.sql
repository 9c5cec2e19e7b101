-- All times are the database's.

-- name: beat
INSERT INTO servers (id, name, version, started_at, heartbeat, draining, watching, ahead_s)
VALUES (?1, ?2, ?3, {now}, {now}, ?4, ?5, ?6)
ON CONFLICT (id) DO UPDATE
SET heartbeat = excluded.heartbeat, draining = excluded.draining, watching = excluded.watching,
    ahead_s = excluded.ahead_s
RETURNING heartbeat

-- name: all_servers
-- The one that comes first leads, if it is alive.
SELECT id, name, version, started_at, {now} - heartbeat, draining, watching, ahead_s
FROM servers ORDER BY draining, started_at, id

-- name: remove
DELETE FROM servers WHERE id = ?1

-- name: remove_dead
DELETE FROM servers WHERE heartbeat <= {now} - CAST(?1 AS DOUBLE PRECISION)

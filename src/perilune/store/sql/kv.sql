-- name: get_value
SELECT value FROM kv_store
WHERE function_id = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)
  AND NOT EXISTS (SELECT 1 FROM kv_owners WHERE function_id = ?1 AND deleted = 1)

-- name: sizes
-- The bytes of all pairs of the function, those of its variables, and how many pairs there are,
-- counted up to ?2.
SELECT kv_bytes,
       (SELECT coalesce(sum(length(value)), 0) FROM env_vars WHERE function_id = ?1),
       (SELECT count(*) FROM (SELECT 1 FROM kv_store WHERE function_id = ?1 LIMIT ?2) AS few)
FROM function_counters WHERE function_id = ?1

-- name: all_pairs
SELECT key, value, expires_at FROM kv_store
WHERE function_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)

-- name: usage
-- The bytes of all pairs of the function, those of this one (0: there is none), and those of
-- this one if it has not expired.
SELECT c.kv_bytes, coalesce(length(k.key) + length(k.value), 0),
       CASE WHEN k.expires_at IS NULL OR k.expires_at > ?3
            THEN coalesce(length(k.key) + length(k.value), 0) ELSE 0 END
FROM function_counters AS c
LEFT JOIN kv_store AS k ON k.function_id = c.function_id AND k.key = ?2
WHERE c.function_id = ?1

-- name: lock
-- All that changes pairs of a function, and decides by what it has, takes its turn.
SELECT 1 FROM function_counters WHERE function_id = ?1 FOR NO KEY UPDATE

-- name: lock_expired
SELECT 1 FROM function_counters WHERE function_id IN (
    SELECT function_id FROM kv_store WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2
)
ORDER BY function_id FOR NO KEY UPDATE

-- name: get_pair
SELECT value, expires_at FROM kv_store
WHERE function_id = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)

-- name: set_value
INSERT INTO kv_store (function_id, key, value, expires_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (function_id, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at

-- name: delete_value
DELETE FROM kv_store WHERE function_id = ?1 AND key = ?2
RETURNING function_id, length(key) + length(value)

-- name: list_between
SELECT key, value FROM kv_store
WHERE function_id = ?1 AND key >= ?2 AND key < ?3 AND (expires_at IS NULL OR expires_at > ?4)
  AND NOT EXISTS (SELECT 1 FROM kv_owners WHERE function_id = ?1 AND deleted = 1)
ORDER BY key LIMIT ?5

-- name: list_from
SELECT key, value FROM kv_store
WHERE function_id = ?1 AND key >= ?2 AND (expires_at IS NULL OR expires_at > ?3)
  AND NOT EXISTS (SELECT 1 FROM kv_owners WHERE function_id = ?1 AND deleted = 1)
ORDER BY key LIMIT ?4

-- name: get_entry
SELECT key, value, length(value), expires_at FROM kv_store
WHERE function_id = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)
  AND NOT EXISTS (SELECT 1 FROM kv_owners WHERE function_id = ?1 AND deleted = 1)

-- name: entries_between
SELECT key, substr(value, 1, CAST(?6 AS INTEGER)), length(value), expires_at FROM kv_store
WHERE function_id = ?1 AND key >= ?2 AND key < ?3 AND (expires_at IS NULL OR expires_at > ?4)
  AND NOT EXISTS (SELECT 1 FROM kv_owners WHERE function_id = ?1 AND deleted = 1)
ORDER BY key LIMIT ?5

-- name: entries_from
SELECT key, substr(value, 1, CAST(?5 AS INTEGER)), length(value), expires_at FROM kv_store
WHERE function_id = ?1 AND key >= ?2 AND (expires_at IS NULL OR expires_at > ?3)
  AND NOT EXISTS (SELECT 1 FROM kv_owners WHERE function_id = ?1 AND deleted = 1)
ORDER BY key LIMIT ?4

-- name: used_bytes
SELECT kv_bytes FROM function_counters WHERE function_id = ?1

-- name: purge_function
DELETE FROM kv_store WHERE function_id = ?1 AND expires_at <= ?2
RETURNING function_id, length(key) + length(value)

-- name: purge_expired
DELETE FROM kv_store WHERE {place} IN (
    SELECT {place} FROM kv_store WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2
)
RETURNING function_id, length(key) + length(value)

-- name: are_few
-- Whether a function has no more than ?2 pairs and ?3 bytes of them.
SELECT coalesce((SELECT kv_bytes FROM function_counters WHERE function_id = ?1), 0) <= ?3
   AND (SELECT count(*) FROM (SELECT 1 FROM kv_store WHERE function_id = ?1 LIMIT ?2 + 1) AS few) <= ?2

-- name: delete_all
DELETE FROM kv_store WHERE function_id = ?1

-- name: deleted_owners
SELECT function_id FROM kv_owners WHERE deleted = 1

-- name: delete_left
-- Some pairs of a deleted function: ?2 at most, and not many more bytes than ?3.
DELETE FROM kv_store WHERE {place} IN (
    SELECT place FROM (
        SELECT {place} AS place, sum(length(value)) OVER (
            ORDER BY key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS bytes_before
        FROM kv_store
        WHERE function_id = (SELECT function_id FROM kv_owners
                             WHERE function_id = ?1 AND deleted = 1)
        ORDER BY key LIMIT ?2
    ) AS few
    WHERE coalesce(bytes_before, 0) < ?3
)

-- name: forget_owner
DELETE FROM kv_owners WHERE function_id = ?1 AND deleted = 1
  AND NOT EXISTS (SELECT 1 FROM kv_store WHERE function_id = ?1)

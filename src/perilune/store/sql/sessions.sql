-- name: insert_session
INSERT INTO sessions (id, token_hash, created_at, last_used_at, expires_at, address, user_agent)
VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)

-- name: find_session
SELECT {columns} FROM sessions WHERE token_hash = ?1 AND expires_at > ?2

-- name: list_sessions
SELECT {columns} FROM sessions WHERE expires_at > ?1
ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3

-- name: count_sessions
SELECT count(*) FROM sessions WHERE expires_at > ?1

-- name: note_session_use
UPDATE sessions SET last_used_at = ?2 WHERE id = ?1

-- name: delete_session
DELETE FROM sessions WHERE id = ?1 AND expires_at > ?2

-- name: clear_sessions
DELETE FROM sessions

-- `{columns}` stands for all columns of the table, in the order of `functions.py`; `{kind}` may have
-- a value of its own.

-- name: get_function
SELECT {columns} FROM functions WHERE id = ?1

-- name: get_function_at
SELECT {columns} FROM functions WHERE address = ?1

-- name: get_functions
SELECT {columns} FROM functions WHERE id IN ({texts in ?1})

-- name: is_taken
SELECT 1 FROM functions WHERE name = ?1 OR address = ?1

-- name: address_owner
SELECT name, id FROM functions WHERE address = ?1 AND id <> ?2

-- name: function_exists
SELECT 1 FROM functions WHERE id = ?1

-- name: list_functions
SELECT {columns_of_f}, {columns_of_v}
FROM functions AS f
LEFT JOIN function_versions AS v ON v.function_id = f.id AND v.is_active = 1
WHERE (CAST(?1 AS TEXT) IS NULL OR f.name {like} ?1 ESCAPE '\' OR f.description {like} ?1 ESCAPE '\'
       OR f.address {like} ?1 ESCAPE '\' OR f.id {like} ?1 ESCAPE '\')
      AND ({kind})
ORDER BY {order}
LIMIT ? OFFSET ?

-- name: count_functions
SELECT count(*) FROM functions AS f
WHERE (CAST(?1 AS TEXT) IS NULL OR f.name {like} ?1 ESCAPE '\' OR f.description {like} ?1 ESCAPE '\'
       OR f.address {like} ?1 ESCAPE '\' OR f.id {like} ?1 ESCAPE '\')
      AND ({kind})

-- name: list_runtimes
SELECT DISTINCT runtime FROM functions

-- name: touch_function
UPDATE functions SET updated_at = ?2 WHERE id = ?1

-- name: lock
SELECT 1 FROM functions WHERE id = ?1 FOR NO KEY UPDATE

-- name: delete_function
DELETE FROM functions WHERE id = ?1

-- The record of what has been applied to the schema.
-- role: migrate

-- name: migration_lock
-- Held by the session, so that two programs never migrate at once; it ends with the connection.
SELECT pg_advisory_lock(hashtextextended('cspr.schema_migration', 0));

-- name: migration_table
CREATE TABLE IF NOT EXISTS schema_migration (
	number integer PRIMARY KEY,
	name text NOT NULL,
	sha256 text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: migration_list
SELECT number,
	name,
	sha256
FROM schema_migration
ORDER BY schema_migration.number;

-- name: migration_patience
-- A change of the schema that waits for a lock makes everybody else wait behind it.
SELECT set_config('lock_timeout', '10s', true);

-- name: migration_record
-- $1 number, $2 name, $3 sha256
INSERT INTO schema_migration (number, name, sha256)
VALUES ($1::integer, $2::text, $3::text);

-- Statements that the tests of the store prepare on tables of their own.

-- name: test_note_add
-- $1 id, $2 body
INSERT INTO note (id, body)
VALUES ($1::integer, $2::text)
RETURNING note.id,
	length(note.body) AS length;

-- name: test_note_count
SELECT count(*) AS notes
FROM note;

-- name: test_note_get
-- $1 id
SELECT n.id,
	n.body
FROM note AS n
WHERE n.id = $1::integer;

-- name: test_note_later
-- A reference that is checked when the transaction ends.
-- $1 id, $2 note_id
INSERT INTO later (id, note_id)
VALUES ($1::integer, $2::integer);

-- name: test_raise
-- $1 sqlstate, $2 message
SELECT raise_code($1::text, $2::text) AS never;

-- name: test_echo
-- $1 value
SELECT $1::text AS value;

-- name: test_session
SELECT current_user::text AS role,
	current_setting('TimeZone') AS time_zone,
	current_setting('DateStyle') AS date_style,
	current_setting('statement_timeout') AS statement_timeout,
	current_setting('lock_timeout') AS lock_timeout,
	current_setting('idle_in_transaction_session_timeout') AS idle_timeout,
	current_setting('application_name') AS application_name,
	current_setting('transaction_read_only')::boolean AS reads_only;

-- name: test_backend
SELECT pg_backend_pid() AS id,
	(
		SELECT count(*)
		FROM pg_prepared_statements AS p
		WHERE p.name LIKE 'test\_%'
	) AS prepared;

-- name: test_wait
-- $1 seconds
SELECT pg_sleep($1::double precision)::text AS slept;

-- name: test_types
SELECT true AS boolean,
	1::smallint AS smallint,
	2::integer AS integer,
	9007199254740993::bigint AS bigint,
	1.50::numeric AS numeric,
	'NaN'::numeric AS not_a_number,
	0.5::real AS real,
	1e20::double precision AS double,
	'-Infinity'::double precision AS infinite,
	26::oid AS oid,
	E'te"x\\t\n'::text AS text,
	'v'::varchar(5) AS varchar,
	'c'::char(3) AS char,
	'n'::name AS name,
	'sad'::mood AS enum,
	4::small_domain AS domain,
	'018f3c5e-0000-7000-8000-000000000001'::uuid AS uuid,
	'2024-06-30'::date AS date,
	'10:20'::time AS time,
	'2024-06-30 10:20'::timestamp AS timestamp,
	'2024-06-30 10:20+01'::timestamptz AS timestamptz,
	'1 day 02:00'::interval AS interval,
	'\x00ff'::bytea AS bytea,
	'{"a":[1, null]}'::json AS json,
	'{"b":{"c":"d"}}'::jsonb AS jsonb,
	ARRAY['a', 'b"c', NULL, '{}', 'x,y', 'NULL', ''] AS texts,
	ARRAY[1, 2] AS integers,
	ARRAY[true, false] AS booleans,
	ARRAY['{"a":"}"}'::jsonb] AS documents,
	ARRAY[]::text[] AS nothing,
	NULL::text AS absent,
	5 AS _hidden;

-- name: test_note_reply
-- stored
-- $1 id
SELECT n.id,
	n.body,
	ARRAY[n.body, 'x y'] AS words,
	true AS kept,
	NULL::text AS absent,
	'"v7"' AS _etag
FROM note AS n
WHERE n.id = $1::integer;

-- name: test_caller
-- $1 partnership_id, $2 key_id
SELECT set_config('app.partnership_id', $1::text, true) AS partnership_id,
	set_config('app.key_id', $2::text, true) AS key_id;

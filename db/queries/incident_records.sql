-- What stands beside an incident: other processes about the same events, what was disclosed of it,
-- and who may not see it.

-- name: linked_process_columns
-- A link as the API shows it.
-- fragment
l.id,
l.incident_id,
l.version,
l.type,
l.reference,
l.body,
l.note,
instant_text(l.created_at) AS created_at

-- name: linked_process_get
-- One linked process of an incident.
-- stored
-- $1 incident_id, $2 linked_process_id
SELECT {{linked_process_columns}}
  FROM linked_process AS l
 WHERE l.partnership_id = tenant()
   AND l.incident_id = $1::uuid
   AND l.id = $2::uuid;

-- name: linked_process_list
-- Each linked process of an incident, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 incident_id
SELECT {{linked_process_columns}},
       l.created_at AS "_key",
       l.id AS "_id"
  FROM linked_process AS l
 WHERE l.partnership_id = tenant()
   AND l.incident_id = $4::uuid
   AND (l.created_at, l.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY l.created_at, l.id
 LIMIT $1::integer;

-- name: linked_process_insert
-- Another process about the same events.
-- $1 record (json object), $2 incident_id, $3 record_id
INSERT INTO linked_process AS l
SELECT written.*
  FROM incident AS i
 CROSS JOIN LATERAL jsonb_populate_record(NULL::linked_process, $1::jsonb || jsonb_build_object(
         'partnership_id', tenant(),
         'incident_id', i.id,
         'id', $3::uuid,
         'version', 1,
         'created_by_agency_id', i.created_by_agency_id,
         'created_at', now())) AS written
 WHERE i.partnership_id = tenant()
   AND i.id = $2::uuid;

-- name: disclosure_columns
-- A disclosure as the API shows it.
-- fragment
d.id,
d.incident_id,
d.version,
d.kind,
d.requested_by,
d.decided_on,
d.outcome,
d.note,
d.created_by_key_id,
instant_text(d.created_at) AS created_at

-- name: disclosure_get
-- One disclosure of an incident.
-- stored
-- $1 incident_id, $2 disclosure_id
SELECT {{disclosure_columns}}
  FROM disclosure AS d
 WHERE d.partnership_id = tenant()
   AND d.incident_id = $1::uuid
   AND d.id = $2::uuid;

-- name: disclosure_list
-- Each disclosure of an incident, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 incident_id
SELECT {{disclosure_columns}},
       d.created_at AS "_key",
       d.id AS "_id"
  FROM disclosure AS d
 WHERE d.partnership_id = tenant()
   AND d.incident_id = $4::uuid
   AND (d.created_at, d.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY d.created_at, d.id
 LIMIT $1::integer;

-- name: disclosure_insert
-- What was asked for and what was decided; only ever added to.
-- $1 record (json object), $2 incident_id, $3 record_id
INSERT INTO disclosure AS d
SELECT written.*
  FROM jsonb_populate_record(NULL::disclosure, $1::jsonb || jsonb_build_object(
         'partnership_id', tenant(),
         'incident_id', $2::uuid,
         'id', $3::uuid,
         'version', 1,
         'created_by_key_id', caller_key(),
         'created_at', now())) AS written;

-- name: restriction_columns
-- A restriction as the API shows it.
-- fragment
r.id,
r.incident_id,
r.version,
r.agency_id,
r.reason,
r.active_from AS "from",
r.active_until AS "until",
r.created_by_key_id,
instant_text(r.created_at) AS created_at,
instant_text(r.updated_at) AS updated_at

-- name: restriction_get
-- One restriction of an incident.
-- stored
-- $1 incident_id, $2 restriction_id
SELECT {{restriction_columns}}
  FROM restriction AS r
 WHERE r.partnership_id = tenant()
   AND r.incident_id = $1::uuid
   AND r.id = $2::uuid;

-- name: restriction_list
-- Each restriction of an incident, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 incident_id
SELECT {{restriction_columns}},
       r.created_at AS "_key",
       r.id AS "_id"
  FROM restriction AS r
 WHERE r.partnership_id = tenant()
   AND r.incident_id = $4::uuid
   AND (r.created_at, r.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY r.created_at, r.id
 LIMIT $1::integer;

-- name: restriction_insert
-- From the day that it names, or from today, the agency does not see the incident.
-- $1 record (json object), $2 incident_id, $3 record_id, $4 today
INSERT INTO restriction (partnership_id, incident_id, id, version, agency_id, reason, active_from,
  active_until, created_by_key_id, created_at, updated_at)
SELECT tenant(), $2::uuid, $3::uuid, 1, (b.body ->> 'agency_id')::uuid, b.body ->> 'reason',
       coalesce((b.body ->> 'from')::date, $4::date), (b.body ->> 'until')::date, caller_key(),
       now(), now()
  FROM (SELECT $1::jsonb) AS b (body);

-- name: restriction_patch
-- When it ends, and why it stands; CS412 when it has changed meanwhile.
-- $1 record (json object), $2 incident_id, $3 record_id, $4 record_version
WITH changed AS (
  UPDATE restriction AS r
     SET version = r.version + 1,
         updated_at = now(),
         reason = coalesce($1::jsonb ->> 'reason', r.reason),
         active_until = CASE
           WHEN $1::jsonb ? 'until' THEN ($1::jsonb ->> 'until')::date
           ELSE r.active_until
         END
   WHERE r.partnership_id = tenant()
     AND r.incident_id = $2::uuid
     AND r.id = $3::uuid
     AND r.version = $4::integer
  RETURNING r.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

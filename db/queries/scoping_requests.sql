-- What another area's partnership asks of us, for an incident that it leads.

-- name: scoping_request_columns
-- A request; due_on is its clock's.
-- fragment
q.id,
q.version,
q.incident_id,
q.from_partnership,
q.requested_on,
coalesce((
  SELECT c.due_on
    FROM clock AS c
   WHERE c.partnership_id = q.partnership_id
     AND c.subject_id = q.incident_id
     AND c.kind = 'scoping'
     AND c.resource_id = q.id
     AND c.superseded_at IS NULL
     AND c.cancelled_at IS NULL
   ORDER BY c.created_at DESC
   LIMIT 1), q.due_on) AS due_on,
q.returned_on,
q.nil_return,
q.owner_role,
q.note,
instant_text(q.created_at) AS created_at,
instant_text(q.updated_at) AS updated_at

-- name: scoping_request_get
-- One request.
-- stored
-- $1 incident_id, $2 scoping_request_id
SELECT {{scoping_request_columns}}
  FROM scoping_request AS q
 WHERE q.partnership_id = tenant()
   AND q.incident_id = $1::uuid
   AND q.id = $2::uuid;

-- name: scoping_request_list
-- The requests that concern an incident, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 incident_id
SELECT {{scoping_request_columns}},
       q.created_at AS "_key",
       q.id AS "_id"
  FROM scoping_request AS q
 WHERE q.partnership_id = tenant()
   AND q.incident_id = $4::uuid
   AND (q.created_at, q.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY q.created_at, q.id
 LIMIT $1::integer;

-- name: scoping_request_insert
-- A new request.
-- $1 record (json object), $2 incident_id, $3 record_id
INSERT INTO scoping_request AS q
SELECT written.*
  FROM incident AS i
 CROSS JOIN LATERAL jsonb_populate_record(NULL::scoping_request, $1::jsonb || jsonb_build_object(
         'partnership_id', i.partnership_id,
         'incident_id', i.id,
         'id', $3::uuid,
         'created_by_agency_id', i.created_by_agency_id,
         'version', 1,
         'created_at', now(),
         'updated_at', now())) AS written
 WHERE i.partnership_id = tenant()
   AND i.id = $2::uuid;

-- name: scoping_request_patch
-- What the body says; incident_advance has checked the version.
-- $1 record (json object), $2 incident_id, $3 record_id
UPDATE scoping_request AS q
   SET version = q.version + 1,
       updated_at = now(),
       (from_partnership, requested_on, due_on, returned_on, nil_return, owner_role, note) = (
         SELECT p.from_partnership, p.requested_on, p.due_on, p.returned_on, p.nil_return,
                p.owner_role, p.note
           FROM jsonb_populate_record(q, $1::jsonb) AS p
       )
 WHERE q.partnership_id = tenant()
   AND q.incident_id = $2::uuid
   AND q.id = $3::uuid;

-- What holds up a review's publication: proceedings beside it, and embargoes.

-- name: proceeding_columns
-- A proceeding as the API shows it, with what it blocks while it is open.
-- fragment
p.id,
p.version,
p.review_id,
p.type,
p.body,
p.reference,
p.opened_on,
p.expected_end_on,
p.ended_on,
p.outcome,
p.affects_publication,
p.affects_interviews,
(SELECT coalesce(json_agg(b.what), '[]')
   FROM (VALUES ('publication', p.affects_publication), ('interviews', p.affects_interviews))
     AS b (what, applies)
  WHERE b.applies AND p.ended_on IS NULL) AS blocks,
p.last_checked_on,
p.contact_role,
p.note,
instant_text(p.created_at) AS created_at,
instant_text(p.updated_at) AS updated_at

-- name: proceeding_get
-- stored
-- $1 review_id, $2 proceeding_id
SELECT {{proceeding_columns}}
  FROM review_proceeding AS p
 WHERE p.partnership_id = tenant()
   AND p.review_id = $1::uuid
   AND p.id = $2::uuid;

-- name: proceeding_list
-- The proceedings beside a review, in the order in which they were recorded.
-- $1 review_id, $2 limit (one more than the page), $3 after_key, $4 after_id
SELECT {{proceeding_columns}},
       p.created_at AS "_key",
       p.id AS "_id"
  FROM review_proceeding AS p
 WHERE p.partnership_id = tenant()
   AND p.review_id = $1::uuid
   AND (p.created_at, p.id) > (
     CASE WHEN $3::timestamptz IS NULL THEN '-infinity' ELSE $3::timestamptz END,
     CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
 ORDER BY p.created_at, p.id
 LIMIT $2::integer;

-- name: proceeding_insert
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO review_proceeding AS p
SELECT written.*
  FROM jsonb_populate_record(NULL::review_proceeding,
         jsonb_build_object('affects_interviews', false)
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $3::uuid,
           'review_id', $2::uuid,
           'version', 1,
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: proceeding_patch
-- What the body says; the review's version has been checked.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE review_proceeding AS p
   SET (
         version, updated_at, type, body, reference, opened_on, expected_end_on, ended_on, outcome,
         affects_publication, affects_interviews, last_checked_on, contact_role, note
       ) = (
         SELECT p.version + 1, now(), n.type, n.body, n.reference, n.opened_on, n.expected_end_on,
                n.ended_on, n.outcome, n.affects_publication, n.affects_interviews,
                n.last_checked_on, n.contact_role, n.note
           FROM jsonb_populate_record(p, $1::jsonb) AS n
       )
 WHERE p.partnership_id = tenant()
   AND p.review_id = $2::uuid
   AND p.id = $3::uuid;

-- name: embargo_columns
-- An embargo as the API shows it.
-- fragment
e.id,
e.version,
e.review_id,
e.reason,
e.embargoed_on,
e.agency_id,
e.owner,
e.review_by,
e.other_reason_until,
e.lifted_on,
e.lift_reason,
e.lifted_on IS NULL AS is_open,
instant_text(e.created_at) AS created_at,
instant_text(e.updated_at) AS updated_at

-- name: embargo_get
-- stored
-- $1 review_id, $2 embargo_id
SELECT {{embargo_columns}}
  FROM review_embargo AS e
 WHERE e.partnership_id = tenant()
   AND e.review_id = $1::uuid
   AND e.id = $2::uuid;

-- name: embargo_list
-- The embargoes of a review, in the order in which they were recorded.
-- $1 review_id, $2 limit (one more than the page), $3 after_key, $4 after_id
SELECT {{embargo_columns}},
       e.created_at AS "_key",
       e.id AS "_id"
  FROM review_embargo AS e
 WHERE e.partnership_id = tenant()
   AND e.review_id = $1::uuid
   AND (e.created_at, e.id) > (
     CASE WHEN $3::timestamptz IS NULL THEN '-infinity' ELSE $3::timestamptz END,
     CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
 ORDER BY e.created_at, e.id
 LIMIT $2::integer;

-- name: embargo_insert
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO review_embargo AS e
SELECT written.*
  FROM jsonb_populate_record(NULL::review_embargo,
         jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $3::uuid,
           'review_id', $2::uuid,
           'version', 1,
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: embargo_patch
-- What the body says; the review's version has been checked.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE review_embargo AS e
   SET (
         version, updated_at, reason, agency_id, owner, review_by, other_reason_until, lifted_on,
         lift_reason
       ) = (
         SELECT e.version + 1, now(), n.reason, n.agency_id, n.owner, n.review_by,
                n.other_reason_until, n.lifted_on, n.lift_reason
           FROM jsonb_populate_record(e, $1::jsonb) AS n
       )
 WHERE e.partnership_id = tenant()
   AND e.review_id = $2::uuid
   AND e.id = $3::uuid;

-- Recommendations: how they are shown, and how their steps are written.

-- name: recommendation_columns
-- A recommendation as the API shows it; "_facts" is what domain/recommendation_process.c asks for.
-- fragment
r.id,
r.version,
r.state,
r.number,
r.text,
r.origin,
r.review_id,
r.rapid_review_id,
r.addressee,
array_to_json(r.addressee_agency_ids) AS addressee_agency_ids,
r.national_body,
r.breadth,
r.level,
array_to_json(r.theme_ids) AS theme_ids,
r.made_on,
r.accepted,
r.decided_on,
r.state_reason,
r.raised_on,
r.raised_to,
r.response,
r.responded_on,
r.closed_on,
r.created_by_agency_id,
instant_text(r.created_at) AS created_at,
instant_text(r.updated_at) AS updated_at,
json_build_object(
  'incident_id', (SELECT rr.incident_id
                    FROM rapid_review AS rr
                   WHERE rr.partnership_id = r.partnership_id
                     AND rr.id = r.rapid_review_id),
  'raised_on', r.raised_on,
  'is_local', r.addressee <> 'national_body',
  'is_national', r.national_body IS NOT NULL,
  -- OFFSET 0: looked up for each, as without statistics the planner would rather read every action into a set.
  'actions_are_closed', NOT EXISTS (
    SELECT FROM action AS a
     WHERE a.partnership_id = r.partnership_id
       AND a.recommendation_id = r.id
       AND a.state IN ('not_started', 'in_progress', 'complete_pending_assurance')
    OFFSET 0)) AS "_facts"

-- name: recommendation_get
-- One recommendation.
-- stored
-- $1 recommendation_id
SELECT {{recommendation_columns}}
  FROM recommendation AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: recommendation_list
-- The recommendations of the partnership, the newest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id, $5 rapid_review_id
-- $6 addressee, $7 agency_id, $8 state
SELECT {{recommendation_columns}},
       r.created_at AS "_key",
       r.id AS "_id"
  FROM recommendation AS r
 WHERE r.partnership_id = tenant()
   AND (r.created_at, r.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
   AND CASE
         WHEN ($4::uuid IS NULL OR r.review_id = $4::uuid)
          AND ($5::uuid IS NULL OR r.rapid_review_id = $5::uuid)
          AND ($6::text[] IS NULL OR r.addressee = ANY ($6::text[]))
          AND ($7::uuid IS NULL OR $7::uuid = ANY (r.addressee_agency_ids))
          AND ($8::text[] IS NULL OR r.state = ANY ($8::text[]))
         THEN true
         ELSE false
       END
 ORDER BY r.created_at DESC, r.id DESC
 LIMIT $1::integer;

-- name: recommendation_insert
-- A new recommendation and the agencies that it is addressed to.
-- $1 record (json object), $2 recommendation_id, $3 to, $4 today
WITH made AS (
  INSERT INTO recommendation AS r
  SELECT written.*
    FROM jsonb_populate_record(NULL::recommendation,
           jsonb_build_object('made_on', $4::date, 'addressee_agency_ids', '[]'::jsonb,
             'theme_ids', '[]'::jsonb)
           || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
             'partnership_id', tenant(),
             'id', $2::uuid,
             'version', 1,
             'state', $3::text,
             'created_by_agency_id', caller_agency(),
             'created_at', now(),
             'updated_at', now())) AS written
  RETURNING r.id, r.addressee_agency_ids
)
INSERT INTO recommendation_agency (partnership_id, recommendation_id, agency_id)
SELECT DISTINCT tenant(), m.id, named.agency_id
  FROM made AS m
 CROSS JOIN unnest(m.addressee_agency_ids) AS named (agency_id);

-- name: recommendation_advance
-- The next version, perhaps in another state; CS412 when it has changed meanwhile.
-- $1 recommendation_id, $2 version, $3 to
WITH changed AS (
  UPDATE recommendation AS r
     SET version = r.version + 1,
         updated_at = now(),
         state = coalesce($3::text, r.state)
   WHERE r.partnership_id = tenant()
     AND r.id = $1::uuid
     AND r.version = $2::integer
  RETURNING r.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: recommendation_patch
-- What the body says; recommendation_advance has checked the version. Agencies that are no longer
-- named are released and stay to be seen.
-- $1 record (json object), $2 recommendation_id, $3 today
WITH named AS (
  SELECT DISTINCT n.value::uuid AS agency_id
    FROM jsonb_array_elements_text(coalesce($1::jsonb -> 'addressee_agency_ids', '[]')) AS n (value)
), released AS (
  UPDATE recommendation_agency AS a
     SET released_on = $3::date
   WHERE $1::jsonb ? 'addressee_agency_ids'
     AND a.partnership_id = tenant()
     AND a.recommendation_id = $2::uuid
     AND a.released_on IS NULL
     AND a.agency_id NOT IN (SELECT n.agency_id FROM named AS n)
), added AS (
  INSERT INTO recommendation_agency AS a (partnership_id, recommendation_id, agency_id)
  SELECT tenant(), $2::uuid, n.agency_id
    FROM named AS n
  ON CONFLICT (partnership_id, recommendation_id, agency_id) DO UPDATE
     SET released_on = NULL
   WHERE a.released_on IS NOT NULL
)
UPDATE recommendation AS r
   SET (number, text, addressee, addressee_agency_ids, national_body, breadth, level, made_on,
        theme_ids) = (
         SELECT p.number, p.text, p.addressee, coalesce(p.addressee_agency_ids, '{}'),
                p.national_body, p.breadth, p.level, coalesce(p.made_on, r.made_on),
                coalesce(p.theme_ids, '{}')
           FROM jsonb_populate_record(r, $1::jsonb) AS p
       )
 WHERE r.partnership_id = tenant()
   AND r.id = $2::uuid;

-- name: recommendation_transition
-- What a transition leaves in the recommendation itself.
-- $1 record (json object), $2 recommendation_id, $3 to, $4 today
WITH day AS (
  SELECT coalesce(($1::jsonb ->> 'on')::date, $4::date) AS happened_on
)
UPDATE recommendation AS r
   SET accepted = CASE $3::text
         WHEN 'accepted' THEN $1::jsonb ->> 'accepted'
         WHEN 'not_accepted' THEN 'no'
         WHEN 'proposed' THEN NULL
         ELSE r.accepted
       END,
       decided_on = CASE
         WHEN $3::text IN ('accepted', 'not_accepted') THEN d.happened_on
         WHEN $3::text = 'proposed' THEN NULL
         ELSE r.decided_on
       END,
       state_reason = $1::jsonb ->> 'reason',
       raised_on = CASE WHEN $3::text = 'raised' THEN d.happened_on ELSE r.raised_on END,
       raised_to = CASE WHEN $3::text = 'raised' THEN $1::jsonb ->> 'raised_to' ELSE r.raised_to END,
       response = CASE WHEN $3::text = 'responded' THEN $1::jsonb ->> 'response' ELSE r.response END,
       responded_on = CASE WHEN $3::text = 'responded' THEN d.happened_on ELSE r.responded_on END,
       closed_on = CASE
         WHEN $3::text IN ('closed', 'superseded', 'not_accepted') THEN d.happened_on
       END
  FROM day AS d
 WHERE r.partnership_id = tenant()
   AND r.id = $2::uuid;

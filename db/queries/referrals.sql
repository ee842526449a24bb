-- Referrals: how they are shown, and how their steps are written.

-- name: referral_columns
-- A referral as the API shows it; "_facts" is what domain/referral_process.c asks for.
-- fragment
r.id,
r.version,
r.state,
r.reference,
r.agency_id,
r.referred_by,
r.received_on,
r.incident_date,
r.aware_on,
r.nature,
r.abuse_neglect_status,
r.la_of_incident,
r.location_type,
r.summary,
r.immediate_actions,
r.children,
r.quality_assured_on,
r.quality_note,
r.decided_on,
r.incident_id,
r.created_by_agency_id,
instant_text(r.created_at) AS created_at,
instant_text(r.updated_at) AS updated_at,
json_build_object(
  'incident_id', r.incident_id,
  'nature_is_known', r.nature IS NOT NULL,
  'child_is_described', jsonb_array_length(r.children) > 0) AS "_facts"

-- name: referral_get
-- One referral.
-- stored
-- $1 referral_id
SELECT {{referral_columns}}
  FROM referral AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: referral_list
-- The referrals of the partnership, the newest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 state, $5 agency_id
-- $6 received_on_gte, $7 received_on_lte
SELECT {{referral_columns}},
       r.created_at AS "_key",
       r.id AS "_id"
  FROM referral AS r
 WHERE r.partnership_id = tenant()
   AND (r.created_at, r.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
   AND CASE
         WHEN ($4::text[] IS NULL OR r.state = ANY ($4::text[]))
          AND ($5::uuid IS NULL OR r.agency_id = $5::uuid)
          AND ($6::date IS NULL OR r.received_on >= $6::date)
          AND ($7::date IS NULL OR r.received_on <= $7::date)
         THEN true
         ELSE false
       END
 ORDER BY r.created_at DESC, r.id DESC
 LIMIT $1::integer;

-- name: referral_insert
-- A new referral. Who refers is the caller's agency, unless the business unit writes down another's.
-- $1 record (json object), $2 referral_id, $3 to, $4 today
INSERT INTO referral AS r
SELECT written.*
  FROM jsonb_populate_record(NULL::referral,
         jsonb_build_object('received_on', $4::date, 'children', '[]'::jsonb,
           'agency_id', caller_agency(), 'reference', replace(make_local_ref(), 'SI-', 'RF-'))
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $2::uuid,
           'version', 1,
           'state', $3::text,
           'created_by_agency_id', caller_agency(),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: referral_facts
-- What a new referral is judged by: the only agency that the caller may refer for, if it is one.
-- $1 record (json object)
SELECT json_build_object(
         'own_agency_id', own_agency(),
         'is_for_another', $1::jsonb ? 'agency_id'
           AND own_agency() IS NOT NULL
           AND $1::jsonb ->> 'agency_id' <> own_agency()::text) AS "_facts";

-- name: referral_advance
-- The next version of a referral, perhaps in another state; CS412 when it has changed meanwhile.
-- $1 referral_id, $2 version, $3 to
WITH changed AS (
  UPDATE referral AS r
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

-- name: referral_patch
-- What the body says; referral_advance has checked the version.
-- $1 record (json object), $2 referral_id
UPDATE referral AS r
   SET (
         reference, referred_by, received_on, incident_date, aware_on, nature,
         abuse_neglect_status, la_of_incident, location_type, summary, immediate_actions, children
       ) = (
         SELECT p.reference, p.referred_by, p.received_on, p.incident_date, p.aware_on, p.nature,
                p.abuse_neglect_status, p.la_of_incident, p.location_type, p.summary,
                p.immediate_actions, coalesce(p.children, '[]')
           FROM jsonb_populate_record(r, $1::jsonb) AS p
       )
 WHERE r.partnership_id = tenant()
   AND r.id = $2::uuid;

-- name: referral_transition
-- What a transition leaves in the referral itself.
-- $1 record (json object), $2 referral_id, $3 to, $4 today
UPDATE referral AS r
   SET quality_assured_on = CASE
         WHEN $3::text = 'quality_assured'
         THEN coalesce(($1::jsonb ->> 'on')::date, $4::date)
         ELSE r.quality_assured_on
       END,
       quality_note = CASE
         WHEN $3::text IN ('quality_assured', 'returned') THEN $1::jsonb ->> 'reason'
         ELSE r.quality_note
       END
 WHERE r.partnership_id = tenant()
   AND r.id = $2::uuid;

-- name: referral_exists
-- A row when the caller may see the referral; for lists of what belongs to it.
-- $1 referral_id
SELECT r.id
  FROM referral AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: referral_decide
-- What a decision leaves in the referral; referral_advance has checked the version.
-- $1 referral_id, $2 incident_id, $3 decided_on
UPDATE referral AS r
   SET decided_on = $3::date,
       incident_id = $2::uuid
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: referral_decision_columns
-- A threshold decision as the API shows it.
-- fragment
d.id,
d.referral_id,
1 AS version,
d.outcome,
d.decided_on,
d.rationale,
d.views,
d.referrer_told_on,
d.chair_told_on,
d.incident_id,
d.made_incident,
d.distinct_from,
d.decided_by_key_id,
instant_text(d.created_at) AS created_at

-- name: referral_decision_insert
-- A threshold decision; decisions are only ever added.
-- $1 record (json object), $2 decision_id, $3 referral_id, $4 incident_id, $5 made_incident
INSERT INTO referral_decision AS d
SELECT written.*
  FROM jsonb_populate_record(NULL::referral_decision,
         '{"distinct_from": []}'::jsonb || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $2::uuid,
           'referral_id', $3::uuid,
           'incident_id', $4::uuid,
           'made_incident', $5::boolean,
           'decided_by_key_id', caller_key(),
           'created_at', now())) AS written;

-- name: referral_decision_get
-- One threshold decision of a referral.
-- stored
-- $1 referral_id, $2 decision_id
SELECT {{referral_decision_columns}}
  FROM referral_decision AS d
 WHERE d.partnership_id = tenant()
   AND d.referral_id = $1::uuid
   AND d.id = $2::uuid;

-- name: referral_decision_list
-- The threshold decisions of a referral, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 referral_id
SELECT {{referral_decision_columns}},
       d.created_at AS "_key",
       d.id AS "_id"
  FROM referral_decision AS d
 WHERE d.partnership_id = tenant()
   AND d.referral_id = $4::uuid
   AND (d.created_at, d.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY d.created_at, d.id
 LIMIT $1::integer;

-- Actions: how they are shown, their leads, evidence and checks, and how their steps are written.

-- name: action_columns
-- An action as the API shows it; "_facts" is what domain/action_process.c asks for.
-- A lead that may not see the incident gets none in the facts, and so events without one.
-- fragment
-- $2 today
a.id,
a.version,
a.state,
action_rag(a.state, a.due_on, a.due_on <> a.original_due_on, $2::date) AS rag,
a.number,
a.text,
a.recommendation_id,
a.review_id,
a.rapid_review_id,
a.responsibility,
(SELECT coalesce(json_agg(json_build_object(
          'id', l.id, 'version', l.version, 'agency_id', l.agency_id,
          'agency_name', CASE
            WHEN g.succeeded_by IS NULL THEN g.name
            ELSE agency_name_on(l.agency_id, a.agreed_on)
          END,
          'current_agency_id', CASE
            WHEN g.succeeded_by IS NULL THEN l.agency_id
            ELSE agency_on(l.agency_id, $2::date)
          END,
          'current_agency_name', CASE
            WHEN g.succeeded_by IS NULL THEN g.name
            ELSE agency_name_on(l.agency_id, $2::date)
          END,
          'state', l.state, 'completed_on', l.completed_on, 'note', l.note)
          ORDER BY g.slug), '[]')
   FROM action_lead AS l
   JOIN agency AS g ON g.partnership_id = l.partnership_id AND g.id = l.agency_id
  WHERE l.partnership_id = a.partnership_id
    AND l.action_id = a.id
    AND l.released_on IS NULL) AS leads,
a.owner,
a.agreed_on,
a.due_on,
a.original_due_on,
(SELECT coalesce(json_agg(json_build_object(
          'from', v.due_from, 'to', v.due_to, 'on', v.revised_on, 'reason', v.reason,
          'approved_by', v.approved_by) ORDER BY v.id), '[]')
   FROM action_due_revision AS v
  WHERE v.partnership_id = a.partnership_id
    AND v.action_id = a.id) AS due_revisions,
a.level,
a.impact_measure,
a.assurance_interval_months,
a.next_assurance_on,
last_check."on" AS last_assurance_on,
last_check.outcome AS last_assurance_outcome,
(SELECT count(e.id)
   FROM action_evidence AS e
  WHERE e.partnership_id = a.partnership_id
    AND e.action_id = a.id) AS evidence_count,
a.completed_on,
a.closed_on,
a.state_reason,
a.superseded_by,
a.created_by_agency_id,
instant_text(a.created_at) AS created_at,
instant_text(a.updated_at) AS updated_at,
json_build_object(
  'incident_id', (SELECT i.id
                    FROM rapid_review AS rr
                    JOIN incident AS i
                      ON i.partnership_id = rr.partnership_id AND i.id = rr.incident_id
                   WHERE rr.partnership_id = a.partnership_id
                     AND rr.id = a.rapid_review_id),
  'state', a.state,
  'agreed_on', a.agreed_on,
  'due_on', a.due_on,
  'completed_on', a.completed_on,
  'assurance_interval_months', a.assurance_interval_months,
  'lead_count', cardinality(a.lead_agency_ids),
  -- OFFSET 0: looked up for each, as without statistics the planner would rather read every row into a set.
  'leads_are_complete', a.responsibility = 'individual' OR NOT EXISTS (
    SELECT FROM action_lead AS l
     WHERE l.partnership_id = a.partnership_id
       AND l.action_id = a.id
       AND l.released_on IS NULL
       AND l.state <> 'complete'
    OFFSET 0),
  'has_evidence', EXISTS (
    SELECT FROM action_evidence AS e
     WHERE e.partnership_id = a.partnership_id
       AND e.action_id = a.id
    OFFSET 0),
  'is_assured', coalesce(last_check.outcome = 'assured' AND last_check."on" >= a.completed_on,
    false)) AS "_facts"

-- name: action_from
-- What action_columns reads.
-- fragment
action AS a
LEFT JOIN LATERAL (
  SELECT s."on", s.outcome
    FROM action_assurance AS s
   WHERE s.partnership_id = a.partnership_id
     AND s.action_id = a.id
   ORDER BY s."on" DESC, s.created_at DESC
   LIMIT 1) AS last_check ON true

-- name: action_get
-- One action.
-- stored
-- $1 action_id, $2 today
SELECT {{action_columns}}
  FROM {{action_from}}
 WHERE a.partnership_id = tenant()
   AND a.id = $1::uuid;

-- name: action_exists
-- $1 action_id
SELECT true AS exists
  FROM action AS a
 WHERE a.partnership_id = tenant()
   AND a.id = $1::uuid;

-- name: action_list
-- The actions of the partnership by their due dates.
-- $1 limit (one more than the page), $2 today, $3 after_key, $4 after_id, $5 review_id
-- $6 rapid_review_id, $7 recommendation_id, $8 agency_id, $9 state, $10 rag, $11 due_on_gte
-- $12 due_on_lte
SELECT {{action_columns}},
       a.due_on AS "_key",
       a.id AS "_id"
  FROM {{action_from}}
 WHERE a.partnership_id = tenant()
   AND (a.due_on, a.id) > (
     CASE WHEN $3::date IS NULL THEN '-infinity' ELSE $3::date END,
     CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
   AND ($5::uuid IS NULL OR a.review_id = $5::uuid)
   AND CASE
         WHEN ($6::uuid IS NULL OR a.rapid_review_id = $6::uuid)
          AND ($7::uuid IS NULL OR a.recommendation_id = $7::uuid)
          AND ($8::uuid IS NULL OR $8::uuid = ANY (a.lead_agency_ids))
          AND ($9::text[] IS NULL OR a.state = ANY ($9::text[]))
          AND ($10::text[] IS NULL
            OR action_rag(a.state, a.due_on, a.due_on <> a.original_due_on, $2::date)
                 = ANY ($10::text[]))
          AND ($11::date IS NULL OR a.due_on >= $11::date)
          AND ($12::date IS NULL OR a.due_on <= $12::date)
         THEN true
         ELSE false
       END
 ORDER BY a.due_on, a.id
 LIMIT $1::integer;

-- name: action_new_facts
-- What a new action is judged by: the recommendation that it follows from, the day it counts from,
-- and how many lead it where none is named.
-- $1 record (json object), $2 today
SELECT json_build_object(
         'incident_id', (SELECT i.id
                           FROM rapid_review AS rr
                           JOIN incident AS i
                             ON i.partnership_id = rr.partnership_id AND i.id = rr.incident_id
                          WHERE rr.partnership_id = tenant()
                            AND rr.id = ($1::jsonb ->> 'rapid_review_id')::uuid),
         'agreed_on', action_agreed_on($1::jsonb, $2::date),
         'lead_count', 1,
         'recommendation_review_id', (SELECT r.review_id
                                        FROM recommendation AS r
                                       WHERE r.partnership_id = tenant()
                                         AND r.id = ($1::jsonb ->> 'recommendation_id')::uuid),
         'recommendation_is_local', NOT EXISTS (
           SELECT FROM recommendation AS r
            WHERE r.partnership_id = tenant()
              AND r.id = ($1::jsonb ->> 'recommendation_id')::uuid
              AND r.addressee = 'national_body')) AS "_facts";

-- name: action_insert
-- A new action with its leads: the caller's agency where none is named. It belongs to the review of
-- its recommendation.
-- $1 record (json object), $2 action_id, $3 to, $4 today
WITH origin AS (
  SELECT r.review_id, r.rapid_review_id
    FROM recommendation AS r
   WHERE r.partnership_id = tenant()
     AND r.id = ($1::jsonb ->> 'recommendation_id')::uuid
), made AS (
  INSERT INTO action AS a
  SELECT written.*
    FROM jsonb_populate_record(NULL::action,
           jsonb_build_object(
             'assurance_interval_months', 3,
             'original_due_on', $1::jsonb -> 'due_on',
             'responsibility', 'individual',
             'lead_agency_ids', jsonb_build_array(caller_agency()),
             'review_id', (SELECT o.review_id FROM origin AS o),
             'rapid_review_id', (SELECT o.rapid_review_id FROM origin AS o))
           || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
             'partnership_id', tenant(),
             'id', $2::uuid,
             'version', 1,
             'state', $3::text,
             'agreed_on', action_agreed_on($1::jsonb, $4::date),
             'created_by_agency_id', caller_agency(),
             'created_at', now(),
             'updated_at', now())) AS written
  RETURNING a.id, a.lead_agency_ids, a.agreed_on, a.original_due_on, a.due_on
), revised AS (
  INSERT INTO action_due_revision (partnership_id, action_id, due_from, due_to, revised_on, reason,
    approved_by)
  SELECT tenant(), m.id, m.original_due_on, m.due_on, coalesce(v."on", $4::date), v.reason,
         v.approved_by
    FROM made AS m
   CROSS JOIN jsonb_to_record($1::jsonb -> 'due_revision') AS v ("on" date, reason text,
           approved_by text)
   WHERE v.reason IS NOT NULL
)
INSERT INTO action_lead (partnership_id, action_id, id, version, agency_id, leads_from, state,
  updated_at)
SELECT tenant(), m.id, gen_random_uuid(), 1, named.agency_id, m.agreed_on, 'not_started', now()
  FROM made AS m
 CROSS JOIN LATERAL (SELECT DISTINCT n.id FROM unnest(m.lead_agency_ids) AS n (id))
         AS named (agency_id);

-- name: action_advance
-- The next version of an action, perhaps in another state; CS412 when it has changed meanwhile.
-- $1 action_id, $2 version, $3 to
WITH changed AS (
  UPDATE action AS a
     SET version = a.version + 1,
         updated_at = now(),
         state = coalesce($3::text, a.state)
   WHERE a.partnership_id = tenant()
     AND a.id = $1::uuid
     AND a.version = $2::integer
  RETURNING a.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: action_patch
-- What the body says; action_advance has checked the version. The due date that was moved is kept.
-- Leads that are no longer named are released and stay to be seen.
-- $1 record (json object), $2 action_id, $3 today
WITH named AS (
  SELECT DISTINCT n.value::uuid AS agency_id
    FROM jsonb_array_elements_text(coalesce($1::jsonb -> 'lead_agency_ids', '[]')) AS n (value)
), released AS (
  UPDATE action_lead AS l
     SET version = l.version + 1,
         updated_at = now(),
         released_on = $3::date
   WHERE $1::jsonb ? 'lead_agency_ids'
     AND l.partnership_id = tenant()
     AND l.action_id = $2::uuid
     AND l.released_on IS NULL
     AND l.agency_id NOT IN (SELECT n.agency_id FROM named AS n)
), added AS (
  INSERT INTO action_lead AS l (partnership_id, action_id, id, version, agency_id, leads_from, state,
    updated_at)
  SELECT tenant(), $2::uuid, gen_random_uuid(), 1, n.agency_id,
         CASE WHEN k.id IS NULL THEN $3::date ELSE k.leads_from END, 'not_started', now()
    FROM named AS n
    LEFT JOIN action_lead AS k
      ON k.partnership_id = tenant() AND k.action_id = $2::uuid AND k.agency_id = n.agency_id
  ON CONFLICT ON CONSTRAINT action_lead_once DO UPDATE
     SET version = l.version + 1,
         updated_at = now(),
         state = 'not_started',
         completed_on = NULL,
         released_on = NULL
   WHERE l.released_on IS NOT NULL
), revised AS (
  INSERT INTO action_due_revision (partnership_id, action_id, due_from, due_to, revised_on, reason,
    approved_by)
  SELECT tenant(), a.id, a.due_on, ($1::jsonb ->> 'due_on')::date, coalesce(v."on", $3::date),
         v.reason, v.approved_by
    FROM action AS a
   CROSS JOIN jsonb_to_record($1::jsonb -> 'due_revision') AS v ("on" date, reason text,
           approved_by text)
   WHERE a.partnership_id = tenant()
     AND a.id = $2::uuid
     AND v.reason IS NOT NULL
)
UPDATE action AS a
   SET (
         number, text, responsibility, lead_agency_ids, owner, due_on, level, impact_measure,
         assurance_interval_months
       ) = (
         SELECT p.number, p.text, p.responsibility, p.lead_agency_ids, p.owner, p.due_on, p.level,
                p.impact_measure, p.assurance_interval_months
           FROM jsonb_populate_record(a, $1::jsonb) AS p
       )
 WHERE a.partnership_id = tenant()
   AND a.id = $2::uuid;

-- name: action_transition
-- What a transition leaves in the action itself. The part of the one lead of an individual action is
-- complete with it, and open with it again.
-- $1 record (json object), $2 action_id, $3 to, $4 today
WITH day AS (
  SELECT coalesce(($1::jsonb ->> 'on')::date, $4::date) AS happened_on
), led AS (
  UPDATE action_lead AS l
     SET version = l.version + 1,
         updated_at = now(),
         state = CASE
           WHEN $3::text = 'complete_pending_assurance' THEN 'complete'
           ELSE 'in_progress'
         END,
         completed_on = CASE
           WHEN $3::text = 'complete_pending_assurance' THEN coalesce(l.completed_on, d.happened_on)
         END
    FROM action AS a
   CROSS JOIN day AS d
   WHERE $3::text IN ('in_progress', 'complete_pending_assurance')
     AND a.partnership_id = tenant()
     AND a.id = $2::uuid
     AND a.responsibility = 'individual'
     AND l.partnership_id = a.partnership_id
     AND l.action_id = a.id
     AND l.released_on IS NULL
)
UPDATE action AS a
   SET completed_on = CASE $3::text
         WHEN 'complete_pending_assurance' THEN d.happened_on
         WHEN 'in_progress' THEN NULL
         ELSE a.completed_on
       END,
       next_assurance_on = CASE $3::text
         WHEN 'complete_pending_assurance' THEN coalesce(($1::jsonb ->> 'next_assurance_on')::date,
           (d.happened_on + make_interval(months => a.assurance_interval_months))::date)
       END,
       closed_on = CASE
         WHEN $3::text NOT IN ('in_progress', 'complete_pending_assurance') THEN d.happened_on
       END,
       state_reason = $1::jsonb ->> 'reason',
       superseded_by = CASE
         WHEN $3::text = 'superseded' THEN ($1::jsonb ->> 'superseded_by')::uuid
       END
  FROM day AS d
 WHERE a.partnership_id = tenant()
   AND a.id = $2::uuid;

-- name: action_lead_get
-- The part of one lead; with scopes of its own an agency finds no other's.
-- stored
-- $1 action_id, $2 lead_id, $3 today
SELECT l.id,
       l.version,
       l.agency_id,
       agency_name_on(l.agency_id, a.agreed_on) AS agency_name,
       agency_on(l.agency_id, $3::date) AS current_agency_id,
       agency_name_on(l.agency_id, $3::date) AS current_agency_name,
       l.state,
       l.completed_on,
       l.note
  FROM action_lead AS l
  JOIN action AS a ON a.partnership_id = l.partnership_id AND a.id = l.action_id
 WHERE l.partnership_id = tenant()
   AND l.action_id = $1::uuid
   AND l.id = $2::uuid
   AND l.released_on IS NULL
   AND (own_agency() IS NULL OR l.agency_id = ANY ((SELECT own_agencies())::uuid[]));

-- name: action_lead_patch
-- How far a lead is with its part; CS412 when that has changed meanwhile.
-- $1 record (json object), $2 action_id, $3 lead_id, $4 record_version, $5 today
WITH changed AS (
  UPDATE action_lead AS l
     SET version = l.version + 1,
         updated_at = now(),
         state = coalesce($1::jsonb ->> 'state', l.state),
         completed_on = CASE
           WHEN coalesce($1::jsonb ->> 'state', l.state) = 'complete'
           THEN coalesce(($1::jsonb ->> 'completed_on')::date, l.completed_on, $5::date)
         END,
         note = CASE WHEN $1::jsonb ? 'note' THEN $1::jsonb ->> 'note' ELSE l.note END
   WHERE l.partnership_id = tenant()
     AND l.action_id = $2::uuid
     AND l.id = $3::uuid
     AND l.version = $4::integer
  RETURNING l.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: action_evidence_columns
-- fragment
e.id,
e.version,
e."on",
e.kind,
e.shows,
e.description,
e.document_sha256,
e.agency_id,
instant_text(e.created_at) AS created_at

-- name: action_evidence_get
-- stored
-- $1 action_id, $2 evidence_id
SELECT {{action_evidence_columns}}
  FROM action_evidence AS e
 WHERE e.partnership_id = tenant()
   AND e.action_id = $1::uuid
   AND e.id = $2::uuid;

-- name: action_evidence_list
-- The evidence of an action by its day.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 action_id
SELECT {{action_evidence_columns}},
       e."on" AS "_key",
       e.id AS "_id"
  FROM action_evidence AS e
 WHERE e.partnership_id = tenant()
   AND e.action_id = $4::uuid
   AND (e."on", e.id) > (
     CASE WHEN $2::date IS NULL THEN '-infinity' ELSE $2::date END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY e."on", e.id
 LIMIT $1::integer;

-- name: action_evidence_insert
-- Brought by the caller's agency, unless the business unit writes down another's.
-- $1 record (json object), $2 action_id, $3 evidence_id, $4 today
INSERT INTO action_evidence AS e
SELECT written.*
  FROM jsonb_populate_record(NULL::action_evidence,
         jsonb_build_object('on', $4::date, 'agency_id', caller_agency())
         || jsonb_strip_nulls(CASE
              WHEN own_agency() IS NULL THEN $1::jsonb
              ELSE $1::jsonb - 'agency_id'
            END) || jsonb_build_object(
           'partnership_id', tenant(),
           'action_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'created_at', now())) AS written;

-- name: action_assurance_columns
-- fragment
s.id,
s.version,
s."on",
s.assured_by,
s.outcome,
s.note,
s.next_due_on,
instant_text(s.created_at) AS created_at

-- name: action_assurance_get
-- stored
-- $1 action_id, $2 assurance_id
SELECT {{action_assurance_columns}}
  FROM action_assurance AS s
 WHERE s.partnership_id = tenant()
   AND s.action_id = $1::uuid
   AND s.id = $2::uuid;

-- name: action_assurance_list
-- The checks of an action by their day.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 action_id
SELECT {{action_assurance_columns}},
       s."on" AS "_key",
       s.id AS "_id"
  FROM action_assurance AS s
 WHERE s.partnership_id = tenant()
   AND s.action_id = $4::uuid
   AND (s."on", s.id) > (
     CASE WHEN $2::date IS NULL THEN '-infinity' ELSE $2::date END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY s."on", s.id
 LIMIT $1::integer;

-- name: action_assurance_insert
-- A check, and the day of the next one: as it was agreed, or after the action's interval.
-- $1 record (json object), $2 action_id, $3 assurance_id, $4 today
WITH next AS (
  SELECT a.id,
         coalesce(($1::jsonb ->> 'on')::date, $4::date) AS checked_on,
         coalesce(($1::jsonb ->> 'next_due_on')::date,
           (coalesce(($1::jsonb ->> 'on')::date, $4::date)
             + make_interval(months => a.assurance_interval_months))::date) AS due_on
    FROM action AS a
   WHERE a.partnership_id = tenant()
     AND a.id = $2::uuid
), checked AS (
  INSERT INTO action_assurance (partnership_id, action_id, id, version, "on", assured_by, outcome,
    note, next_due_on, created_at)
  SELECT tenant(), n.id, $3::uuid, 1, n.checked_on, $1::jsonb ->> 'assured_by',
         $1::jsonb ->> 'outcome', $1::jsonb ->> 'note', n.due_on, now()
    FROM next AS n
)
UPDATE action AS a
   SET next_assurance_on = n.due_on
  FROM next AS n
 WHERE a.partnership_id = tenant()
   AND a.id = n.id;

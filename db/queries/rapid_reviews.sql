-- Rapid reviews: how they are shown, and how their steps are written.

-- name: rapid_review_columns
-- A rapid review as the API shows it; "_facts" is what domain/rapid_review_process.c asks for. A
-- caller that may not see the incident gets no incident in the facts, and so events without one.
-- fragment
r.id,
r.version,
r.state,
r.incident_id,
v.local_ref,
r.notification_id,
r.notified_on,
k.due_on,
k.completed_on,
r.facts_established,
r.analysis,
r.improvements,
r.good_practice,
r.child_and_family_voice,
r.context,
r.immediate_action,
r.immediate_learning,
r.parallel_proceedings,
r.national_issue,
r.national_issue_reason,
m.met_on,
d.decided_on,
d.outcome,
coalesce(g.missing, '[]') AS missing_sign_offs,
u.submitted_on,
w.response AS panel_response,
r.created_by_agency_id,
instant_text(r.created_at) AS created_at,
instant_text(r.updated_at) AS updated_at,
json_build_object(
  'incident_id', v.id,
  'incident_is_notified', v.state <> ALL ('{withdrawn,not_notified}'),
  'incident_is_withdrawn', v.state = ANY ('{withdrawn,not_notified}'),
  'notified_on', r.notified_on,
  'meeting_held', m.met_on IS NOT NULL,
  'met_on', m.met_on,
  'statutory_partners', (
    SELECT coalesce(json_agg(json_build_object(
             'agency_id', a.id, 'valid_from', a.valid_from, 'valid_to', a.valid_to)), '[]')
      FROM agency AS a
     WHERE a.partnership_id = r.partnership_id
       AND a.statutory_partner),
  -- A meeting after a decision, such as of a reopened one, leads to another decision.
  'decision_is_taken', d.id IS NOT NULL AND r.state NOT IN ('opened', 'scoping', 'met'),
  'decided_on', d.decided_on,
  'sign_offs', coalesce(g.signed, '[]'),
  'signed_on', g.signed_on,
  'all_partners_signed', g.missing IS NULL AND g.signed IS NOT NULL,
  'was_submitted', u.submitted_on IS NOT NULL,
  'first_submitted_on', u.first_submitted_on,
  'submission_is_complete', coalesce(u.complete, false),
  'panel_has_responded', coalesce(w.has_responded, false)) AS "_facts"

-- name: rapid_review_tables
-- A rapid review with its incident (if the caller may see it), its clock while that runs or as it
-- was judged, its first meeting, the decision that counts with its sign-offs, its submissions
-- and the
-- Panel's responses.
-- fragment
rapid_review AS r
  LEFT JOIN incident AS v ON v.partnership_id = r.partnership_id AND v.id = r.incident_id
  LEFT JOIN LATERAL (
    SELECT c.due_on,
           c.completed_on
      FROM clock AS c
     WHERE c.partnership_id = r.partnership_id
       AND c.subject_id = r.id
       AND c.kind = 'rapid_review'
       AND c.superseded_at IS NULL
       AND c.cancelled_at IS NULL
     ORDER BY c.created_at DESC
     LIMIT 1) AS k ON true
  LEFT JOIN LATERAL (
    SELECT min(held.held_on) AS met_on
      FROM rapid_review_meeting AS held
     WHERE held.partnership_id = r.partnership_id
       AND held.rapid_review_id = r.id) AS m ON true
  LEFT JOIN LATERAL (
    SELECT made.id, made.decided_on, made.outcome
      FROM rapid_review_decision AS made
     WHERE made.partnership_id = r.partnership_id
       AND made.rapid_review_id = r.id
     ORDER BY made.number DESC
     LIMIT 1) AS d ON true
  LEFT JOIN LATERAL (
    SELECT (SELECT json_agg(json_build_object('agency_id', o.agency_id))
              FROM rapid_review_sign_off AS o
             WHERE o.partnership_id = r.partnership_id
               AND o.rapid_review_id = r.id
               AND o.decision_id = d.id) AS signed,
           (SELECT max(o.signed_on)
              FROM rapid_review_sign_off AS o
             WHERE o.partnership_id = r.partnership_id
               AND o.rapid_review_id = r.id
               AND o.decision_id = d.id) AS signed_on,
           (SELECT json_agg(json_build_object('agency_id', p.agency_id, 'name', p.name)
                     ORDER BY p.name)
              FROM statutory_partners_on(d.decided_on) AS p
             WHERE NOT EXISTS (
               SELECT
                 FROM rapid_review_sign_off AS o
                WHERE o.partnership_id = r.partnership_id
                  AND o.rapid_review_id = r.id
                  AND o.decision_id = d.id
                  AND o.agency_id = p.agency_id)) AS missing
     WHERE d.id IS NOT NULL) AS g ON true
  LEFT JOIN LATERAL (
    SELECT max(sent.submitted_on) AS submitted_on,
           min(sent.submitted_on) AS first_submitted_on,
           bool_or(sent.complete) AS complete
      FROM rapid_review_submission AS sent
     WHERE sent.partnership_id = r.partnership_id
       AND sent.rapid_review_id = r.id) AS u ON true
  LEFT JOIN LATERAL (
    SELECT (array_agg(letter.response ORDER BY letter.number DESC))[1] AS response,
           bool_or(letter.response <> 'no_response_yet') AS has_responded
      FROM panel_response AS letter
     WHERE letter.partnership_id = r.partnership_id
       AND letter.rapid_review_id = r.id) AS w ON true

-- name: rapid_review_get
-- One rapid review.
-- stored
-- $1 rapid_review_id
SELECT {{rapid_review_columns}}
  FROM {{rapid_review_tables}}
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: rapid_review_exists
-- A row when the caller may see the rapid review; for lists of what belongs to it.
-- $1 rapid_review_id
SELECT r.id,
       r.version
  FROM rapid_review AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: rapid_review_list
-- The rapid reviews of the partnership, the newest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 state, $5 incident_id
-- $6 due_on_gte, $7 due_on_lte
SELECT {{rapid_review_columns}},
       r.created_at AS "_key",
       r.id AS "_id"
  FROM {{rapid_review_tables}}
 WHERE r.partnership_id = tenant()
   AND (r.created_at, r.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
   AND CASE
         WHEN ($4::text[] IS NULL OR r.state = ANY ($4::text[]))
          AND ($5::uuid IS NULL OR r.incident_id = $5::uuid)
          AND ($6::date IS NULL OR k.due_on >= $6::date)
          AND ($7::date IS NULL OR k.due_on <= $7::date)
         THEN true
         ELSE false
       END
 ORDER BY r.created_at DESC, r.id DESC
 LIMIT $1::integer;

-- name: rapid_review_open
-- What the notification of a serious incident opens.
-- $1 rapid_review_id, $2 incident_id, $3 notification_id, $4 notified_on
WITH opened AS (
  INSERT INTO rapid_review (partnership_id, id, version, state, incident_id, notification_id,
    notified_on, created_by_agency_id, created_at, updated_at)
  SELECT i.partnership_id, $1::uuid, 1, 'opened', i.id, $3::uuid, $4::date,
         i.created_by_agency_id, now(), now()
    FROM incident AS i
   WHERE i.partnership_id = tenant()
     AND i.id = $2::uuid
  RETURNING partnership_id, id, state, notified_on
)
INSERT INTO transition (partnership_id, subject, subject_id, operation, from_state, to_state,
  happened_on, evidence, key_id, agency_id)
SELECT o.partnership_id, 'rapid_review', o.id, 'createIncidentNotification', '', o.state,
       o.notified_on, jsonb_build_object('notification_id', $3::uuid), caller_key(),
       caller_agency()
  FROM opened AS o;

-- name: rapid_review_advance
-- The next version of a rapid review, perhaps in another state, and the incident behind it where it
-- follows; CS412 when it has changed meanwhile.
-- $1 rapid_review_id, $2 version, $3 to
WITH changed AS (
  UPDATE rapid_review AS r
     SET version = r.version + 1,
         updated_at = now(),
         state = coalesce($3::text, r.state)
   WHERE r.partnership_id = tenant()
     AND r.id = $1::uuid
     AND r.version = $2::integer
  RETURNING r.id, r.partnership_id, r.incident_id
), led AS (
  SELECT l.from_state,
         l.to_state
    FROM (VALUES
           ('scoping', 'notified', 'rapid_review'),
           ('scoping', 'reopened', 'rapid_review'),
           ('met', 'notified', 'rapid_review'),
           ('met', 'reopened', 'rapid_review'),
           ('submitted', 'notified', 'submitted'),
           ('submitted', 'reopened', 'submitted'),
           ('submitted', 'rapid_review', 'submitted'),
           ('responded', 'reopened', 'responded'),
           ('responded', 'submitted', 'responded')) AS l (step, from_state, to_state)
   WHERE l.step = $3::text
), followed AS (
  UPDATE incident AS i
     SET version = i.version + 1,
         updated_at = now(),
         state = led.to_state
    FROM changed, led
   WHERE i.partnership_id = changed.partnership_id
     AND i.id = changed.incident_id
     AND i.state = led.from_state
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: rapid_review_patch
-- What the body says; rapid_review_advance has checked the version.
-- $1 record (json object), $2 rapid_review_id
UPDATE rapid_review AS r
   SET (
         facts_established, analysis, improvements, good_practice, child_and_family_voice,
         context, immediate_action, immediate_learning, parallel_proceedings, national_issue,
         national_issue_reason
       ) = (
         SELECT p.facts_established, p.analysis, p.improvements, p.good_practice,
                p.child_and_family_voice, p.context, p.immediate_action, p.immediate_learning,
                p.parallel_proceedings, p.national_issue, p.national_issue_reason
           FROM jsonb_populate_record(r, $1::jsonb) AS p
       )
 WHERE r.partnership_id = tenant()
   AND r.id = $2::uuid;

-- name: rapid_review_transition
-- What a transition leaves behind: a lapsed rapid review and its scoping have no open clocks. What
-- was agreed at once for the safety of children is still done.
-- $1 rapid_review_id, $2 to
UPDATE clock AS c
   SET cancelled_at = now()
 WHERE $2::text = 'lapsed'
   AND c.partnership_id = tenant()
   AND c.subject_id = $1::uuid
   AND c.kind IN ('rapid_review', 'scoping')
   AND c.completed_on IS NULL
   AND c.cancelled_at IS NULL
   AND c.superseded_at IS NULL;

-- Reviews: how they are shown, and how their steps are written.

-- name: review_clock_facts
-- By the partnership's policy p: whether the six months run from the decision or from the Panel's
-- concurrence. Only a review that is a local child safeguarding practice review has them.
-- fragment
'starts_at_decision', r.type IN ('lcspr', 'joint') AND p.basis <> 'panel_concurrence',
'starts_at_concurrence', r.type IN ('lcspr', 'joint') AND p.basis = 'panel_concurrence'

-- name: review_latest_approval
-- The last outcome of each kind of approval of the latest draft.
-- fragment
SELECT DISTINCT ON (a.kind) a.kind, a.outcome
  FROM review_approval AS a
 WHERE a.partnership_id = r.partnership_id
   AND a.review_id = r.id
   AND a.draft_number = (
     SELECT max(d.number)
       FROM review_draft AS d
      WHERE d.partnership_id = r.partnership_id AND d.review_id = r.id)
 ORDER BY a.kind, a.created_at DESC

-- name: review_columns
-- A review as the API shows it; "_facts" is what domain/review_process.c asks for.
-- fragment
r.id,
r.version,
r.state,
r.type,
r.type NOT IN ('table_top', 'other_learning') AS counted,
r.reference,
r.title,
coalesce((
  SELECT json_agg(l.incident_id ORDER BY l.linked_at, l.position)
    FROM review_incident AS l
   WHERE l.partnership_id = r.partnership_id
     AND l.review_id = r.id
     AND l.removed_at IS NULL), '[]') AS incident_ids,
r.decided_on,
r.panel_concurred_on,
(SELECT c.due_on
   FROM clock AS c
  WHERE c.partnership_id = r.partnership_id
    AND c.subject_id = r.id
    AND c.kind = 'lcspr'
    AND c.superseded_at IS NULL
    AND c.cancelled_at IS NULL
  ORDER BY c.created_at DESC
  LIMIT 1) AS due_on,
r.commissioning_reason,
r.scope_from,
r.scope_to,
r.methodology,
r.target_completion_on,
r.signed_off_on,
r.discontinued_on,
r.discontinued_by,
r.state_reason,
{{review_publication_columns}},
r.created_by_agency_id,
instant_text(r.created_at) AS created_at,
instant_text(r.updated_at) AS updated_at,
{{publication_facts}} || jsonb_build_object(
  'incident_id', (
    SELECT l.incident_id
      FROM review_incident AS l
     WHERE l.partnership_id = r.partnership_id
       AND l.review_id = r.id
       AND l.removed_at IS NULL
     ORDER BY l.linked_at, l.position
     LIMIT 1),
  'type', r.type,
  'decided_on', r.decided_on,
  'panel_concurred_on', r.panel_concurred_on,
  {{review_clock_facts}},
  'reviewer_in_office', EXISTS (
    SELECT FROM reviewer AS v
     WHERE v.partnership_id = r.partnership_id
       AND v.review_id = r.id
       AND v.role = 'lead'
       AND v.independence_statement IS NOT NULL
       AND v.ended_on IS NULL),
  'terms_agreed', EXISTS (
    SELECT FROM terms_of_reference AS t
     WHERE t.partnership_id = r.partnership_id AND t.review_id = r.id),
  'methodology_chosen', r.methodology IS NOT NULL,
  'draft_received', EXISTS (
    SELECT FROM review_draft AS d
     WHERE d.partnership_id = r.partnership_id AND d.review_id = r.id),
  'draft_checked', (
    SELECT d.checked_against_terms
      FROM review_draft AS d
     WHERE d.partnership_id = r.partnership_id AND d.review_id = r.id
     ORDER BY d.number DESC
     LIMIT 1),
  'responses_asked', NOT EXISTS (
    SELECT FROM panel_member AS m
     WHERE m.partnership_id = r.partnership_id
       AND m.review_id = r.id
       AND m.member_until IS NULL
       AND NOT EXISTS (
         SELECT FROM agency_response AS s
          WHERE s.partnership_id = m.partnership_id
            AND s.review_id = m.review_id
            AND s.agency_id = m.agency_id)),
  'responses_in', NOT EXISTS (
    SELECT FROM agency_response AS s
      LEFT JOIN clock AS c
        ON c.partnership_id = s.partnership_id
       AND c.subject_id = s.review_id
       AND c.kind = 'agency_response'
       AND c.resource_id = s.id
       AND c.superseded_at IS NULL
       AND c.cancelled_at IS NULL
     WHERE s.partnership_id = r.partnership_id
       AND s.review_id = r.id
       AND s.responded_on IS NULL
       AND (s.overdue_reason IS NULL
         OR c.due_on >= (now() AT TIME ZONE 'Europe/London')::date)),
  'subgroup_approved', EXISTS (
    SELECT FROM ({{review_latest_approval}}) AS latest
     WHERE latest.kind = 'subgroup' AND latest.outcome = 'approved'),
  'board_approved', EXISTS (
    SELECT FROM ({{review_latest_approval}}) AS latest
     WHERE latest.kind = 'board' AND latest.outcome = 'approved'),
  'board_referred_back', EXISTS (
    SELECT FROM ({{review_latest_approval}}) AS latest
     WHERE latest.kind = 'board' AND latest.outcome = 'referred_back')) AS "_facts"

-- name: review_source
-- fragment
review AS r
  JOIN clock_policy AS p ON p.partnership_id = r.partnership_id AND p.kind = 'lcspr'
  LEFT JOIN review_publication AS u ON u.partnership_id = r.partnership_id AND u.id = r.id

-- name: review_get
-- One review.
-- stored
-- $1 review_id
SELECT {{review_columns}}
  FROM {{review_source}}
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: review_exists
-- A row when the caller may see the review; for lists of what belongs to it.
-- $1 review_id
SELECT r.id,
       r.version
  FROM review AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: review_list
-- The reviews of the partnership, the newest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 type, $5 state, $6 incident_id
-- $7 publication_status
SELECT {{review_columns}},
       r.created_at AS "_key",
       r.id AS "_id"
  FROM {{review_source}}
 WHERE r.partnership_id = tenant()
   AND (r.created_at, r.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
   AND CASE
         WHEN ($4::text[] IS NULL OR r.type = ANY ($4::text[]))
          AND ($5::text[] IS NULL OR r.state = ANY ($5::text[]))
          AND ($7::text[] IS NULL OR {{review_publication_status}} = ANY ($7::text[]))
          AND ($6::uuid IS NULL OR EXISTS (
                SELECT FROM review_incident AS f
                 WHERE f.partnership_id = r.partnership_id
                   AND f.review_id = r.id
                   AND f.incident_id = $6::uuid
                   AND f.removed_at IS NULL))
         THEN true
         ELSE false
       END
 ORDER BY r.created_at DESC, r.id DESC
 LIMIT $1::integer;

-- name: review_history
-- Every change of a review and of what belongs to it, and every step that it took, the first one
-- first. What came in at first is shown as changes from nothing. The join hides what is hidden.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id
SELECT instant_text(h.at) AS at,
       h.entry,
       h.actor_id,
       h.agency_id,
       h.resource,
       h.resource_id,
       h.version,
       h.changes,
       h.operation,
       h.from_state,
       h.to_state,
       h.happened_on,
       h.reason,
       h.at AS "_key",
       h.place AS "_id"
  FROM review AS r
 CROSS JOIN LATERAL (
   SELECT c.at,
          'change' AS entry,
          c.key_id AS actor_id,
          c.agency_id,
          c.resource,
          c.resource_id,
          c.version,
          coalesce(c.changes, (
            SELECT jsonb_agg(jsonb_build_object('field', s.key, 'from', NULL, 'to', s.value)
                     ORDER BY s.key)
              FROM jsonb_each(c.snapshot) AS s (key, value)
             WHERE s.key NOT IN ('partnership_id', 'id', 'review_id', 'version', 'position',
                     'asked_agency_ids', 'created_by_agency_id', 'created_at', 'updated_at')),
            '[]') AS changes,
          NULL AS operation,
          NULL AS from_state,
          NULL AS to_state,
          NULL::date AS happened_on,
          NULL AS reason,
          to_char(c.id, '"c"FM0000000000000000000') AS place
     FROM change AS c
    WHERE c.partnership_id = r.partnership_id
      AND c.subject_id = r.id
   UNION ALL
   SELECT t.at,
          'transition',
          t.key_id,
          t.agency_id,
          t.subject,
          t.subject_id,
          NULL,
          '[]',
          t.operation,
          t.from_state,
          t.to_state,
          t.happened_on,
          t.reason,
          to_char(t.id, '"t"FM0000000000000000000')
     FROM transition AS t
    WHERE t.partnership_id = r.partnership_id
      AND t.subject_id = r.id) AS h
 WHERE r.partnership_id = tenant()
   AND r.id = $4::uuid
   AND (h.at, h.place) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::text IS NULL THEN '' ELSE $3::text END)
 ORDER BY h.at, h.place
 LIMIT $1::integer;

-- name: review_local_decision
-- Whether one of the record's incidents has a rapid review whose last decision is a local review,
-- or with which the Panel did not agree since.
-- fragment
'local_review_decided', EXISTS (
  SELECT FROM jsonb_array_elements_text(coalesce($1::jsonb -> 'incident_ids', '[]')) AS w (id)
    JOIN rapid_review AS v ON v.partnership_id = tenant() AND v.incident_id = w.id::uuid
    JOIN LATERAL (
      SELECT d.outcome, d.decided_on
        FROM rapid_review_decision AS d
       WHERE d.partnership_id = v.partnership_id AND d.rapid_review_id = v.id
       ORDER BY d.number DESC
       LIMIT 1) AS last ON true
   WHERE last.outcome = 'lcspr_local'
      OR EXISTS (
           SELECT FROM panel_response AS a
            WHERE a.partnership_id = v.partnership_id
              AND a.rapid_review_id = v.id
              AND a.response = 'not_agreed'
              AND a.received_on >= last.decided_on))

-- name: review_incidents_facts
-- What a new set of incidents is judged by.
-- $1 record (json object)
SELECT json_build_object({{review_local_decision}}) AS "_facts";

-- name: review_creation_facts
-- What a new review is judged by.
-- $1 record (json object)
SELECT json_build_object(
         'incident_id', $1::jsonb -> 'incident_ids' ->> 0,
         {{review_local_decision}},
         {{review_clock_facts}}) AS "_facts"
  FROM clock_policy AS p
 CROSS JOIN (SELECT $1::jsonb ->> 'type' AS type) AS r
 WHERE p.partnership_id = tenant()
   AND p.kind = 'lcspr';

-- name: review_insert
-- A new review with its incidents, which are in review from then on.
-- $1 record (json object), $2 review_id, $3 to
WITH made AS (
  INSERT INTO review AS r
  SELECT written.*
    FROM jsonb_populate_record(NULL::review,
           jsonb_build_object('reference', replace(make_local_ref(), 'SI-', 'RV-'))
           || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
             'partnership_id', tenant(),
             'id', $2::uuid,
             'version', 1,
             'state', $3::text,
             'asked_agency_ids', '[]'::jsonb,
             'created_by_agency_id', caller_agency(),
             'created_at', now(),
             'updated_at', now())) AS written
), wanted AS (
  SELECT w.id::uuid AS id, w.position
    FROM jsonb_array_elements_text(
           coalesce($1::jsonb -> 'incident_ids', '[]')) WITH ORDINALITY AS w (id, position)
), linked AS (
  {{review_link}}
)
{{review_take_incidents}};

-- name: review_link
-- The wanted incidents as links of a review, with what each was before its first review.
-- fragment
INSERT INTO review_incident AS l (partnership_id, review_id, incident_id, id, version, position,
  state_before, linked_at)
SELECT tenant(), $2::uuid, w.id, gen_random_uuid(), 1, w.position,
       coalesce((
         SELECT o.state_before
           FROM review_incident AS o
          WHERE o.partnership_id = tenant()
            AND o.incident_id = w.id
            AND o.removed_at IS NULL
          ORDER BY o.linked_at
          LIMIT 1), i.state),
       now()
  FROM wanted AS w
  LEFT JOIN incident AS i ON i.partnership_id = tenant() AND i.id = w.id
ON CONFLICT (partnership_id, review_id, incident_id) DO UPDATE
   SET version = l.version + 1,
       position = excluded.position,
       state_before = excluded.state_before,
       linked_at = excluded.linked_at,
       removed_at = NULL
 WHERE l.removed_at IS NOT NULL
RETURNING l.incident_id

-- name: review_take_incidents
-- Incidents that were linked are in review, once they were notified and unless their own process
-- has ended: the duty to notify is one that a review does not take away.
-- fragment
UPDATE incident AS i
   SET version = i.version + 1,
       updated_at = now(),
       state = 'in_review'
  FROM linked AS l
 WHERE i.partnership_id = tenant()
   AND i.id = l.incident_id
   AND (i.state IN ('notified', 'rapid_review', 'submitted', 'responded')
     OR i.state = 'reopened' AND EXISTS (
       SELECT FROM notification AS n
        WHERE n.partnership_id = i.partnership_id AND n.incident_id = i.id))

-- name: review_advance
-- The next version of a review, perhaps in another state; CS412 when it has changed meanwhile.
-- $1 review_id, $2 version, $3 to
WITH changed AS (
  UPDATE review AS r
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

-- name: review_patch
-- What the body says; review_advance has checked the version.
-- $1 record (json object), $2 review_id
UPDATE review AS r
   SET (
         reference, title, decided_on, panel_concurred_on, commissioning_reason, scope_from,
         scope_to, methodology, target_completion_on
       ) = (
         SELECT p.reference, p.title, p.decided_on, p.panel_concurred_on, p.commissioning_reason,
                p.scope_from, p.scope_to, p.methodology, p.target_completion_on
           FROM jsonb_populate_record(r, $1::jsonb) AS p
       )
 WHERE r.partnership_id = tenant()
   AND r.id = $2::uuid;

-- name: review_incidents_put
-- These incidents and no others. One that no review has any more is again what it was before.
-- $1 record (json object), $2 review_id
WITH wanted AS (
  SELECT w.id::uuid AS id, w.position
    FROM jsonb_array_elements_text($1::jsonb -> 'incident_ids') WITH ORDINALITY AS w (id, position)
), removed AS (
  UPDATE review_incident AS l
     SET version = l.version + 1,
         removed_at = now()
   WHERE l.partnership_id = tenant()
     AND l.review_id = $2::uuid
     AND l.removed_at IS NULL
     AND NOT EXISTS (SELECT FROM wanted AS w WHERE w.id = l.incident_id)
  RETURNING l.incident_id, l.state_before
), returned AS (
  UPDATE incident AS i
     SET version = i.version + 1,
         updated_at = now(),
         state = l.state_before
    FROM removed AS l
   WHERE i.partnership_id = tenant()
     AND i.id = l.incident_id
     AND i.state = 'in_review'
     AND NOT EXISTS (
       SELECT FROM review_incident AS o
        WHERE o.partnership_id = tenant()
          AND o.incident_id = i.id
          AND o.review_id <> $2::uuid
          AND o.removed_at IS NULL)
), linked AS (
  {{review_link}}
)
{{review_take_incidents}};

-- name: review_transition
-- What a transition leaves in the review itself and in its publication. Nobody owes a response to one
-- that was ended, nor looks at its embargoes again.
-- $1 record (json object), $2 review_id, $3 to, $4 today, $5 event_id
WITH {{publication_step}}, lapsed AS (
  UPDATE clock AS c
     SET cancelled_at = now()
   WHERE c.partnership_id = tenant()
     AND c.subject_id = $2::uuid
     AND c.kind IN ('agency_response', 'embargo_review')
     AND c.superseded_at IS NULL
     AND c.cancelled_at IS NULL
     AND c.completed_on IS NULL
     AND $3::text = 'discontinued'
)
UPDATE review AS r
   SET state_reason = $1::jsonb ->> 'reason',
       signed_off_on = CASE
         WHEN $3::text = 'signed_off'
         THEN coalesce(r.signed_off_on, ($1::jsonb ->> 'on')::date, $4::date)
         ELSE r.signed_off_on
       END,
       discontinued_on = CASE
         WHEN $3::text = 'discontinued' THEN coalesce(($1::jsonb ->> 'on')::date, $4::date)
         ELSE r.discontinued_on
       END,
       discontinued_by = CASE
         WHEN $3::text = 'discontinued' THEN $1::jsonb ->> 'decided_by'
         ELSE r.discontinued_by
       END
 WHERE r.partnership_id = tenant()
   AND r.id = $2::uuid;

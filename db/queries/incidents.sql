-- Incidents: the shape in which they are shown, and how they are written.
--
-- A member that a body does not have keeps what is there, null clears it, a value sets it;
-- jsonb_populate_record does that. A new field is a column, and a line in the columns and in the
-- patch below.

-- name: incident_fields
-- An incident as the API shows it, but for its children. What belongs to it is looked up by tenant()
-- and not by the incident's partnership_id: the policy asks for the same, so that one test does.
-- fragment
i.id,
i.version,
i.state,
i.local_ref,
i.dfe_sin_ref,
i.case_system,
i.external_id,
i.incident_date,
i.incident_time,
i.incident_date_to,
i.date_precision,
i.aware_on,
instant_text(i.aware_at) AS aware_at,
i.aware_by,
i.aware_how,
i.partnership_aware_on,
i.referral_received_on,
i.nature,
i.death_date,
i.death_subtype,
i.abuse_neglect_status,
i.notifying_basis,
i.our_role,
i.la_of_incident,
i.la_of_residence,
i.la_responsible,
i.location_type,
i.cause_of_death,
i.harm_types,
i.narrative,
i.immediate_actions,
i.other_children_at_risk_considered,
i.media_interest,
i.police_appeal,
i.suspected_perpetrators,
i.our_role IS NULL OR i.our_role = 'lead' AS counted,
i.duty,
i.duty_rule,
(SELECT k.due_on
   FROM clock AS k
  WHERE k.partnership_id = tenant()
    AND k.incident_id = i.id
    AND k.kind = 'sin'
    AND k.superseded_at IS NULL
    AND k.cancelled_at IS NULL) AS sin_due_on,
i.code_list_version,
i.created_by_agency_id,
instant_text(i.created_at) AS created_at,
instant_text(i.updated_at) AS updated_at

-- name: incident_columns
-- An incident with its children.
-- fragment
{{incident_fields}},
(SELECT coalesce(json_agg((
          SELECT row_to_json(r)
            FROM (SELECT {{child_columns}}) AS r)
          ORDER BY c.index_child DESC, c.position, c.id), '[]')
   FROM child AS c
  WHERE c.partnership_id = tenant()
    AND c.incident_id = i.id) AS children

-- name: incident_open_ends
-- What of an incident is not settled yet, as members of its facts.
-- fragment
'was_not_notified', NOT EXISTS (
  SELECT
    FROM notification AS n
   WHERE n.partnership_id = tenant()
     AND n.incident_id = i.id),
'notification_is_settled', NOT EXISTS (
  SELECT
    FROM clock AS k
   WHERE k.partnership_id = tenant()
     AND k.incident_id = i.id
     AND k.kind = 'sin'
     AND k.completed_on IS NULL
     AND k.superseded_at IS NULL
     AND k.cancelled_at IS NULL),
'no_open_rapid_review', NOT EXISTS (
  SELECT
    FROM rapid_review AS r
   WHERE r.partnership_id = tenant()
     AND r.incident_id = i.id
     AND r.state IN ('opened', 'scoping', 'met', 'decided', 'signed_off')),
'no_open_review', NOT EXISTS (
  SELECT
    FROM review_incident AS l
    JOIN review AS v ON v.partnership_id = tenant() AND v.id = l.review_id
   WHERE l.partnership_id = tenant()
     AND l.incident_id = i.id
     AND l.removed_at IS NULL
     AND v.state NOT IN ('closed', 'discontinued'))

-- name: incident_facts
-- What the steps of an incident ask for. Not in lists, where fifty of them would cost as much as the
-- page itself; a list's incidents leave their next_steps to whoever opens one.
-- fragment
json_build_object(
  {{incident_open_ends}}) AS "_facts"

-- name: incident_show
-- Incidents; incident_children brings their children beside them, for less than their JSON costs here.
-- $1 incident_ids (uuid array)
SELECT {{incident_fields}},
       {{incident_facts}}
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.id = ANY ($1::uuid[]);

-- name: incident_children
-- The children of incidents, each one's in their order.
-- $1 incident_ids (uuid array)
SELECT {{child_columns}}
  FROM child AS c
 WHERE c.partnership_id = tenant()
   AND c.incident_id = ANY ($1::uuid[])
 ORDER BY c.incident_id, c.index_child DESC, c.position, c.id;

-- name: incident_get
-- One incident with its children, in one row.
-- stored
-- $1 incident_id
SELECT {{incident_columns}},
       {{incident_facts}}
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.id = $1::uuid;

-- name: incident_by_external_id
-- The incident of a case system, by the system's own key. Each agency's keys are its own; who sees
-- several gets its own agency's, else the oldest.
-- $1 system, $2 external_id
SELECT {{incident_columns}},
       {{incident_facts}}
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.case_system = $1::text
   AND i.external_id = $2::text
 ORDER BY i.created_by_agency_id = caller_agency() DESC,
       i.created_at,
       i.id
 LIMIT 1;

-- name: incident_exists
-- A row when the caller may see the incident; for lists of what belongs to it.
-- $1 incident_id
SELECT i.id,
       i.version
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.id = $1::uuid;

-- name: incident_filter
-- What a list is narrowed to. One CASE around it all: the planner takes each optional condition for
-- a rare one, and would sort the whole partnership rather than walk an index until a page is full.
-- fragment
-- $4 nature, $5 duty, $6 state, $7 local_ref, $8 aware_on_gte, $9 aware_on_lte
-- $10 updated_at_gte
i.partnership_id = tenant()
   AND CASE
         WHEN ($4::text[] IS NULL OR i.nature = ANY ($4::text[]))
          AND ($5::text[] IS NULL OR i.duty = ANY ($5::text[]))
          AND ($6::text[] IS NULL OR i.state = ANY ($6::text[]))
          AND ($7::text IS NULL OR i.local_ref = $7::text)
          AND ($8::date IS NULL OR i.aware_on >= $8::date)
          AND ($9::date IS NULL OR i.aware_on <= $9::date)
          AND ($10::timestamptz IS NULL OR i.updated_at >= $10::timestamptz)
         THEN true
         ELSE false
       END

-- name: incident_list
-- The incidents of the partnership, the newest first.
-- The first page begins at a bound beyond every row, not at null, so that the index serves it. CASE
-- and not coalesce, which row-level security takes for leaky and keeps away from indexes.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 nature, $5 duty, $6 state
-- $7 local_ref, $8 aware_on_gte, $9 aware_on_lte, $10 updated_at_gte
SELECT {{incident_columns}},
       i.created_at AS "_key",
       i.id AS "_id"
  FROM incident AS i
 WHERE {{incident_filter}}
   AND (i.created_at, i.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
 ORDER BY i.created_at DESC, i.id DESC
 LIMIT $1::integer;

-- name: incident_list_by_created_at
-- The same, the oldest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 nature, $5 duty, $6 state
-- $7 local_ref, $8 aware_on_gte, $9 aware_on_lte, $10 updated_at_gte
SELECT {{incident_columns}},
       i.created_at AS "_key",
       i.id AS "_id"
  FROM incident AS i
 WHERE {{incident_filter}}
   AND (i.created_at, i.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY i.created_at, i.id
 LIMIT $1::integer;

-- name: incident_list_by_aware_on
-- The same by the day of awareness, the earliest first. The range of days also bounds the walk.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 nature, $5 duty, $6 state
-- $7 local_ref, $8 aware_on_gte, $9 aware_on_lte, $10 updated_at_gte
SELECT {{incident_columns}},
       i.aware_on AS "_key",
       i.id AS "_id"
  FROM incident AS i
 WHERE {{incident_filter}}
   AND (i.aware_on, i.id) > (
     CASE
       WHEN $2::date IS NOT NULL THEN $2::date
       WHEN $8::date IS NOT NULL THEN $8::date
       ELSE '-infinity'
     END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
   AND i.aware_on <= CASE WHEN $9::date IS NULL THEN 'infinity' ELSE $9::date END
 ORDER BY i.aware_on, i.id
 LIMIT $1::integer;

-- name: incident_list_by_aware_on_desc
-- The same by the day of awareness, the latest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 nature, $5 duty, $6 state
-- $7 local_ref, $8 aware_on_gte, $9 aware_on_lte, $10 updated_at_gte
SELECT {{incident_columns}},
       i.aware_on AS "_key",
       i.id AS "_id"
  FROM incident AS i
 WHERE {{incident_filter}}
   AND (i.aware_on, i.id) < (
     CASE
       WHEN $2::date IS NOT NULL THEN $2::date
       WHEN $9::date IS NOT NULL THEN $9::date
       ELSE 'infinity'
     END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
   AND i.aware_on >= CASE WHEN $8::date IS NULL THEN '-infinity' ELSE $8::date END
 ORDER BY i.aware_on DESC, i.id DESC
 LIMIT $1::integer;

-- name: incident_list_by_updated_at
-- The same by the last change, the longest ago first: for whoever polls.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 nature, $5 duty, $6 state
-- $7 local_ref, $8 aware_on_gte, $9 aware_on_lte, $10 updated_at_gte
SELECT {{incident_columns}},
       i.updated_at AS "_key",
       i.id AS "_id"
  FROM incident AS i
 WHERE {{incident_filter}}
   AND (i.updated_at, i.id) > (
     CASE
       WHEN $2::timestamptz IS NOT NULL THEN $2::timestamptz
       WHEN $10::timestamptz IS NOT NULL THEN $10::timestamptz
       ELSE '-infinity'
     END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY i.updated_at, i.id
 LIMIT $1::integer;

-- name: incident_list_by_updated_at_desc
-- The same by the last change, the most recent first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 nature, $5 duty, $6 state
-- $7 local_ref, $8 aware_on_gte, $9 aware_on_lte, $10 updated_at_gte
SELECT {{incident_columns}},
       i.updated_at AS "_key",
       i.id AS "_id"
  FROM incident AS i
 WHERE {{incident_filter}}
   AND (i.updated_at, i.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
   AND i.updated_at >= CASE
         WHEN $10::timestamptz IS NULL THEN '-infinity'
         ELSE $10::timestamptz
       END
 ORDER BY i.updated_at DESC, i.id DESC
 LIMIT $1::integer;

-- name: incident_insert
-- A new incident. Its duty and duty_rule, and for a case system's incident case_system and
-- external_id, stand in the object beside the fields of the body.
-- $1 incident (json object), $2 incident_id
INSERT INTO incident AS i
SELECT written.*
  FROM jsonb_populate_record(NULL::incident, $1::jsonb || jsonb_build_object(
         'partnership_id', tenant(),
         'id', $2::uuid,
         'version', 1,
         'state', 'recorded',
         'local_ref', coalesce($1::jsonb ->> 'local_ref', make_local_ref()),
         'dfe_sin_ref', NULL,
         'code_list_version', code_list_version(),
         'created_by_agency_id', caller_agency(),
         'created_at', now(),
         'updated_at', now())) AS written
RETURNING i.id, i.local_ref, i.version;

-- name: incident_patch
-- Changes an incident that still has the version; CS412 otherwise. The object also has the duty
-- and duty_rule that follow from the change. A change of its children alone comes through here
-- too, because the version counts for the whole.
-- $1 incident_id, $2 incident (json object), $3 version
WITH changed AS (
  UPDATE incident AS i
     SET version = i.version + 1,
         updated_at = now(),
         (
           local_ref, incident_date, incident_time, incident_date_to, date_precision, aware_on,
           aware_at, aware_by, aware_how, partnership_aware_on, referral_received_on, nature,
           death_date, death_subtype, abuse_neglect_status, notifying_basis, our_role,
           la_of_incident, la_of_residence, la_responsible, location_type, cause_of_death,
           harm_types, narrative, immediate_actions, other_children_at_risk_considered,
           media_interest, police_appeal, suspected_perpetrators, duty, duty_rule
         ) = (
           SELECT p.local_ref, p.incident_date, p.incident_time, p.incident_date_to,
                  p.date_precision, p.aware_on, p.aware_at, p.aware_by, p.aware_how,
                  p.partnership_aware_on, p.referral_received_on, p.nature, p.death_date,
                  p.death_subtype, p.abuse_neglect_status, p.notifying_basis, p.our_role,
                  p.la_of_incident, p.la_of_residence, p.la_responsible, p.location_type,
                  p.cause_of_death, p.harm_types, p.narrative, p.immediate_actions,
                  p.other_children_at_risk_considered, p.media_interest, p.police_appeal,
                  p.suspected_perpetrators, p.duty, p.duty_rule
             FROM jsonb_populate_record(i, $2::jsonb) AS p
         )
   WHERE i.partnership_id = tenant()
     AND i.id = $1::uuid
     AND i.version = $3::integer
  RETURNING i.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: incident_for_step
-- What the steps of an incident are judged by, and from where its clocks run again.
-- $1 incident_id
SELECT i.id,
       i.version,
       i.state,
       json_build_object(
         'incident_id', i.id,
         'caller_agency_id', caller_agency(),
         'we_contribute', coalesce(i.our_role IN ('contributing', 'informed'), false),
         'duty_since', CASE WHEN i.duty <> 'none' THEN i.aware_on END,
         {{incident_open_ends}},
         'agencies', (
           SELECT json_agg(json_build_object('id', a.id, 'kind', a.kind))
             FROM agency AS a
            WHERE a.partnership_id = i.partnership_id)) AS "_facts"
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.id = $1::uuid;

-- name: incident_advance
-- The next version of an incident, perhaps in another state; CS412 when it has changed meanwhile.
-- $1 incident_id, $2 version, $3 to
WITH changed AS (
  UPDATE incident AS i
     SET version = i.version + 1,
         updated_at = now(),
         state = coalesce($3::text, i.state)
   WHERE i.partnership_id = tenant()
     AND i.id = $1::uuid
     AND i.version = $2::integer
  RETURNING i.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: incident_transition
-- A withdrawal ends the clocks of the duty that still run, and the duty to review lapses with it; what
-- was agreed meanwhile, a review or an action, goes on until somebody ends it. Reopening takes a
-- lapsed rapid review up where it was, with its clock from where it began. What was judged stays as it
-- was judged. Where the rapid review goes stands in its own log of steps.
-- $1 record (json object), $2 incident_id, $3 to, $4 today
WITH ended AS (
  UPDATE clock AS k
     SET cancelled_at = now()
   WHERE k.partnership_id = tenant()
     AND k.incident_id = $2::uuid
     AND k.kind IN ('sin', 'rapid_review', 'scoping')
     AND $3::text = 'withdrawn'
     AND k.completed_on IS NULL
     AND k.superseded_at IS NULL
     AND k.cancelled_at IS NULL
), led AS (
  SELECT r.id,
         r.state AS from_state,
         'lapsed' AS to_state
    FROM rapid_review AS r
   WHERE r.partnership_id = tenant()
     AND r.incident_id = $2::uuid
     AND $3::text = 'withdrawn'
     AND r.state IN ('opened', 'scoping', 'met', 'decided', 'signed_off')
  UNION ALL
  SELECT r.id,
         r.state,
         coalesce((
           SELECT f.item ->> 'from'
             FROM change AS h
            CROSS JOIN LATERAL jsonb_array_elements(h.changes) AS f (item)
            WHERE h.partnership_id = r.partnership_id
              AND h.subject_id = r.id
              AND f.item ->> 'field' = 'state'
              AND f.item ->> 'to' = 'lapsed'
            ORDER BY h.id DESC
            LIMIT 1), 'opened')
    FROM rapid_review AS r
   WHERE r.partnership_id = tenant()
     AND r.incident_id = $2::uuid
     AND $3::text = 'reopened'
     AND r.state = 'lapsed'
), moved AS (
  UPDATE rapid_review AS r
     SET version = r.version + 1,
         updated_at = now(),
         state = l.to_state
    FROM led AS l
   WHERE r.partnership_id = tenant()
     AND r.id = l.id
     AND r.state = l.from_state
  RETURNING r.partnership_id, r.id, l.from_state, l.to_state
), logged AS (
  INSERT INTO transition (partnership_id, subject, subject_id, operation, from_state, to_state,
    happened_on, reason, evidence, key_id, agency_id)
  SELECT m.partnership_id, 'rapid_review', m.id, 'createIncidentTransition', m.from_state,
         m.to_state, coalesce(($1::jsonb ->> 'on')::date, $4::date), $1::jsonb ->> 'reason',
         $1::jsonb, caller_key(), caller_agency()
    FROM moved AS m
)
INSERT INTO clock (partnership_id, id, incident_id, created_by_agency_id, kind, basis, duty, rule,
  starts_on, start_event, unit, length, due_on, at_risk_on, calendar_version, subject, subject_id,
  agency_id, owner)
SELECT k.partnership_id, gen_random_uuid(), k.incident_id, k.created_by_agency_id, k.kind, k.basis,
       k.duty, k.rule, k.starts_on, k.start_event, k.unit, k.length, k.due_on, k.at_risk_on,
       k.calendar_version, k.subject, k.subject_id, k.agency_id, k.owner
  FROM moved AS m
 CROSS JOIN LATERAL (
   SELECT c.*
     FROM clock AS c
    WHERE c.partnership_id = m.partnership_id
      AND c.subject_id = m.id
      AND c.kind = 'rapid_review'
      AND c.superseded_at IS NULL
    ORDER BY c.created_at DESC
    LIMIT 1) AS k
 WHERE m.from_state = 'lapsed'
   AND k.cancelled_at IS NOT NULL;

-- name: incident_transition_list
-- The steps that an incident took of its own, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 incident_id
SELECT t.from_state AS "from",
       t.to_state AS "to",
       t.happened_on AS "on",
       t.reason,
       t.evidence ->> 'agreed_by' AS agreed_by,
       coalesce(t.evidence -> 'views', '[]') AS views,
       instant_text(t.at) AS at,
       t.key_id AS actor_id,
       t.agency_id,
       t.id AS "_key"
  FROM transition AS t
 WHERE t.partnership_id = tenant()
   AND t.subject = 'incident'
   AND t.subject_id = $3::uuid
   AND t.id > CASE WHEN $2::bigint IS NULL THEN 0 ELSE $2::bigint END
 ORDER BY t.id
 LIMIT $1::integer;

-- name: incident_notified
-- The incident has been notified, if it still has the version; CS412 otherwise. One that has come
-- further than this stays where it is.
-- $1 incident_id, $2 version
WITH changed AS (
  UPDATE incident AS i
     SET version = i.version + 1,
         updated_at = now(),
         state = CASE WHEN i.state IN ('recorded', 'reopened') THEN 'notified' ELSE i.state END
   WHERE i.partnership_id = tenant()
     AND i.id = $1::uuid
     AND i.version = $2::integer
     AND i.state NOT IN ('withdrawn', 'not_notified', 'closed')
  RETURNING i.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: incident_lock
-- Holds the incident until the end of the transaction; its events are numbered under this lock.
-- $1 incident_id
SELECT i.id
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.id = $1::uuid
   FOR UPDATE OF i;

-- name: incidents_lock
-- The same for several, in the order of their ids, so that no two transactions wait for each other.
-- $1 incident_ids (json array)
SELECT i.id
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.id IN (SELECT w.id::uuid FROM jsonb_array_elements_text($1::jsonb) AS w (id))
 ORDER BY i.id
   FOR UPDATE OF i;

-- name: incident_set_dfe_reference
-- The reference that the DfE gave.
-- $1 incident_id, $2 reference
UPDATE incident AS i
   SET version = i.version + 1,
       updated_at = now(),
       dfe_sin_ref = $2::text
 WHERE i.partnership_id = tenant()
   AND i.id = $1::uuid
   AND i.dfe_sin_ref IS DISTINCT FROM $2::text;

-- name: incident_history
-- Every change of an incident and its children, the first one first. What came in at first is
-- shown as changes from nothing. The join is what hides the history of a hidden incident.
-- $1 limit (one more than the page), $2 after_key, $3 incident_id
SELECT h.version,
       instant_text(h.at) AS at,
       h.key_id AS actor_id,
       h.agency_id,
       h.resource,
       h.resource_id,
       coalesce(h.changes, (
         SELECT jsonb_agg(jsonb_build_object('field', s.key, 'from', NULL, 'to', s.value)
                  ORDER BY s.key)
           FROM jsonb_each(h.snapshot) AS s (key, value)
          WHERE s.key NOT IN ('partnership_id', 'id', 'incident_id', 'version', 'position',
                  'created_by_agency_id',
                  'created_at', 'updated_at')), '[]') AS changes,
       h.id AS "_key"
  FROM change AS h
  JOIN incident AS i ON i.partnership_id = h.partnership_id AND i.id = h.subject_id
 WHERE h.partnership_id = tenant()
   AND h.subject_id = $3::uuid
   AND h.resource IN ('incident', 'child')
   AND h.id > CASE WHEN $2::bigint IS NULL THEN 0 ELSE $2::bigint END
 ORDER BY h.id
 LIMIT $1::integer;

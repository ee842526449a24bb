-- What belongs to a rapid review before its decision: scoping, meetings, immediate actions.

-- name: scoping_return_columns
-- A scoping request with its return; due_on is its clock's.
-- fragment
s.id,
s.version,
s.rapid_review_id,
s.agency_id,
agency_name_on(s.agency_id, s.sent_on) AS agency_name,
s.sent_on,
s.owner_role,
(SELECT c.due_on
   FROM clock AS c
  WHERE c.partnership_id = s.partnership_id
    AND c.subject_id = s.rapid_review_id
    AND c.kind = 'scoping'
    AND c.resource_id = s.id
    AND c.superseded_at IS NULL
    AND c.cancelled_at IS NULL
  ORDER BY c.created_at DESC
  LIMIT 1) AS due_on,
s.received_on,
s.nil_return,
s.known,
s.author_role,
s.open_at_incident,
s.first_involved_on,
s.last_involved_on,
s.key_practice_episodes,
s.good_practice,
s.learning,
s.immediate_action,
s.withdrawn_on,
s.withdrawn_reason,
(SELECT count(*)::integer
   FROM scoping_chaser AS h
  WHERE h.partnership_id = s.partnership_id
    AND h.rapid_review_id = s.rapid_review_id
    AND h.scoping_return_id = s.id) AS chasers,
instant_text(s.created_at) AS created_at,
instant_text(s.updated_at) AS updated_at

-- name: scoping_return_get
-- One scoping request with its return.
-- stored
-- $1 rapid_review_id, $2 scoping_return_id
SELECT {{scoping_return_columns}}
  FROM scoping_return AS s
 WHERE s.partnership_id = tenant()
   AND s.rapid_review_id = $1::uuid
   AND s.id = $2::uuid;

-- name: scoping_return_exists
-- A row when the caller may see the return; for lists of what belongs to it.
-- $1 rapid_review_id, $2 scoping_return_id
SELECT s.id
  FROM scoping_return AS s
 WHERE s.partnership_id = tenant()
   AND s.rapid_review_id = $1::uuid
   AND s.id = $2::uuid;

-- name: scoping_return_list
-- The scoping requests of a rapid review, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 rapid_review_id
SELECT {{scoping_return_columns}},
       s.created_at AS "_key",
       s.id AS "_id"
  FROM scoping_return AS s
 WHERE s.partnership_id = tenant()
   AND s.rapid_review_id = $4::uuid
   AND (s.created_at, s.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY s.created_at, s.id
 LIMIT $1::integer;

-- name: scoping_return_insert
-- A request to an agency.
-- $1 record (json object), $2 rapid_review_id, $3 record_id
INSERT INTO scoping_return AS s
SELECT written.*
  FROM jsonb_populate_record(NULL::scoping_return, $1::jsonb || jsonb_build_object(
         'partnership_id', tenant(),
         'rapid_review_id', $2::uuid,
         'id', $3::uuid,
         'version', 1,
         'created_at', now(),
         'updated_at', now())) AS written;

-- name: scoping_return_patch
-- What the agency returns, or what the business unit corrects; rapid_review_advance has checked the
-- version.
-- $1 record (json object), $2 rapid_review_id, $3 record_id
UPDATE scoping_return AS s
   SET version = s.version + 1,
       updated_at = now(),
       (
         sent_on, owner_role, received_on, nil_return, known, author_role, open_at_incident,
         first_involved_on, last_involved_on, key_practice_episodes, good_practice, learning,
         immediate_action, withdrawn_on, withdrawn_reason
       ) = (
         SELECT p.sent_on, p.owner_role, p.received_on, p.nil_return, p.known, p.author_role,
                p.open_at_incident, p.first_involved_on, p.last_involved_on,
                p.key_practice_episodes, p.good_practice, p.learning, p.immediate_action,
                p.withdrawn_on, p.withdrawn_reason
           FROM jsonb_populate_record(s, $1::jsonb) AS p
       )
 WHERE s.partnership_id = tenant()
   AND s.rapid_review_id = $2::uuid
   AND s.id = $3::uuid;

-- name: scoping_chaser_columns
-- A reminder to an agency.
-- fragment
h.id,
h.scoping_return_id,
h.chased_on,
h.channel,
h.by_role,
h.note,
instant_text(h.created_at) AS created_at

-- name: scoping_chaser_get
-- One reminder.
-- stored
-- $1 rapid_review_id, $2 scoping_return_id, $3 scoping_chaser_id
SELECT {{scoping_chaser_columns}}
  FROM scoping_chaser AS h
 WHERE h.partnership_id = tenant()
   AND h.rapid_review_id = $1::uuid
   AND h.scoping_return_id = $2::uuid
   AND h.id = $3::uuid;

-- name: scoping_chaser_list
-- The reminders of a request, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 rapid_review_id
-- $5 scoping_return_id
SELECT {{scoping_chaser_columns}},
       h.created_at AS "_key",
       h.id AS "_id"
  FROM scoping_chaser AS h
 WHERE h.partnership_id = tenant()
   AND h.rapid_review_id = $4::uuid
   AND h.scoping_return_id = $5::uuid
   AND (h.created_at, h.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY h.created_at, h.id
 LIMIT $1::integer;

-- name: scoping_chaser_insert
-- A reminder; its foreign key refuses one to a request that is not there.
-- $1 record (json object), $2 rapid_review_id, $3 scoping_return_id, $4 record_id, $5 today
INSERT INTO scoping_chaser AS h
SELECT written.*
  FROM jsonb_populate_record(NULL::scoping_chaser,
         jsonb_build_object('chased_on', $5::date)
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'rapid_review_id', $2::uuid,
           'scoping_return_id', $3::uuid,
           'id', $4::uuid,
           'created_at', now())) AS written;

-- name: rapid_review_meeting_columns
-- A meeting with the agencies that attended.
-- fragment
m.id,
m.rapid_review_id,
m.held_on,
m.chair_role,
(SELECT coalesce(json_agg(a.agency_id ORDER BY a.agency_id), '[]')
   FROM rapid_review_attendance AS a
  WHERE a.partnership_id = m.partnership_id
    AND a.rapid_review_id = m.rapid_review_id
    AND a.meeting_id = m.id) AS attended,
m.minutes_sha256,
m.note,
instant_text(m.created_at) AS created_at

-- name: rapid_review_meeting_get
-- One meeting.
-- stored
-- $1 rapid_review_id, $2 rapid_review_meeting_id
SELECT {{rapid_review_meeting_columns}}
  FROM rapid_review_meeting AS m
 WHERE m.partnership_id = tenant()
   AND m.rapid_review_id = $1::uuid
   AND m.id = $2::uuid;

-- name: rapid_review_meeting_list
-- The meetings of a rapid review, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 rapid_review_id
SELECT {{rapid_review_meeting_columns}},
       m.created_at AS "_key",
       m.id AS "_id"
  FROM rapid_review_meeting AS m
 WHERE m.partnership_id = tenant()
   AND m.rapid_review_id = $4::uuid
   AND (m.created_at, m.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY m.created_at, m.id
 LIMIT $1::integer;

-- name: rapid_review_meeting_insert
-- A meeting and who was there.
-- $1 record (json object), $2 rapid_review_id, $3 record_id
WITH held AS (
  INSERT INTO rapid_review_meeting AS m
  SELECT written.*
    FROM jsonb_populate_record(NULL::rapid_review_meeting, $1::jsonb || jsonb_build_object(
           'partnership_id', tenant(),
           'rapid_review_id', $2::uuid,
           'id', $3::uuid,
           'created_at', now())) AS written
  RETURNING m.partnership_id, m.rapid_review_id, m.id
)
INSERT INTO rapid_review_attendance (partnership_id, rapid_review_id, meeting_id, agency_id)
SELECT held.partnership_id,
       held.rapid_review_id,
       held.id,
       a.agency_id::uuid
  FROM held
 CROSS JOIN jsonb_array_elements_text(coalesce($1::jsonb -> 'attended', '[]')) AS a (agency_id);

-- name: immediate_action_columns
-- What is done at once so that children are safe.
-- fragment
t.id,
t.version,
t.rapid_review_id,
t.text,
t.agency_id,
t.owner_role,
t.agreed_on,
t.due_on,
t.done_on,
instant_text(t.created_at) AS created_at,
instant_text(t.updated_at) AS updated_at

-- name: immediate_action_get
-- One immediate action.
-- stored
-- $1 rapid_review_id, $2 immediate_action_id
SELECT {{immediate_action_columns}}
  FROM immediate_action AS t
 WHERE t.partnership_id = tenant()
   AND t.rapid_review_id = $1::uuid
   AND t.id = $2::uuid;

-- name: immediate_action_list
-- The immediate actions of a rapid review, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 rapid_review_id
SELECT {{immediate_action_columns}},
       t.created_at AS "_key",
       t.id AS "_id"
  FROM immediate_action AS t
 WHERE t.partnership_id = tenant()
   AND t.rapid_review_id = $4::uuid
   AND (t.created_at, t.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY t.created_at, t.id
 LIMIT $1::integer;

-- name: immediate_action_insert
-- A new immediate action.
-- $1 record (json object), $2 rapid_review_id, $3 record_id, $4 today
INSERT INTO immediate_action AS t
SELECT written.*
  FROM jsonb_populate_record(NULL::immediate_action, jsonb_build_object('agreed_on', $4::date)
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
         'partnership_id', tenant(),
         'rapid_review_id', $2::uuid,
         'id', $3::uuid,
         'version', 1,
         'created_at', now(),
         'updated_at', now())) AS written;

-- name: immediate_action_patch
-- What the body says; rapid_review_advance has checked the version.
-- $1 record (json object), $2 rapid_review_id, $3 record_id
UPDATE immediate_action AS t
   SET version = t.version + 1,
       updated_at = now(),
       (text, agency_id, owner_role, agreed_on, due_on, done_on) = (
         SELECT p.text, p.agency_id, p.owner_role, p.agreed_on, p.due_on, p.done_on
           FROM jsonb_populate_record(t, $1::jsonb) AS p
       )
 WHERE t.partnership_id = tenant()
   AND t.rapid_review_id = $2::uuid
   AND t.id = $3::uuid;

-- A rapid review's decision, its sign-offs, its submission to the Panel and what comes back. Each
-- is appended and numbered; the last one is the one that counts.

-- name: rapid_review_decision_columns
-- A decision with its sign-offs and the statutory partners of its day that have not signed.
-- fragment
d.id,
d.rapid_review_id,
d.number,
d.decided_on,
d.outcome,
d.rationale,
d.views,
d.criteria,
d.circumstances,
d.code_list_version,
(SELECT coalesce(json_agg(json_build_object(
          'id', g.id,
          'agency_id', g.agency_id,
          'agency_name', agency_name_on(g.agency_id, g.signed_on),
          'agreed', g.agreed,
          'by_role', g.by_role,
          'on', g.signed_on,
          'dissent', g.dissent) ORDER BY g.created_at, g.id), '[]')
   FROM rapid_review_sign_off AS g
  WHERE g.partnership_id = d.partnership_id
    AND g.rapid_review_id = d.rapid_review_id
    AND g.decision_id = d.id) AS sign_offs,
(SELECT coalesce(json_agg(json_build_object('agency_id', p.agency_id, 'name', p.name)
          ORDER BY p.name), '[]')
   FROM statutory_partners_on(d.decided_on) AS p
  WHERE NOT EXISTS (
    SELECT
      FROM rapid_review_sign_off AS g
     WHERE g.partnership_id = d.partnership_id
       AND g.rapid_review_id = d.rapid_review_id
       AND g.decision_id = d.id
       AND g.agency_id = p.agency_id)) AS missing_sign_offs,
instant_text(d.created_at) AS created_at

-- name: rapid_review_decision_current
-- The decision that counts.
-- stored
-- $1 rapid_review_id
SELECT {{rapid_review_decision_columns}}
  FROM rapid_review_decision AS d
 WHERE d.partnership_id = tenant()
   AND d.rapid_review_id = $1::uuid
 ORDER BY d.number DESC
 LIMIT 1;

-- name: rapid_review_decision_list
-- The decisions of a rapid review, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 rapid_review_id
SELECT {{rapid_review_decision_columns}},
       d.number AS "_key"
  FROM rapid_review_decision AS d
 WHERE d.partnership_id = tenant()
   AND d.rapid_review_id = $3::uuid
   AND d.number > CASE WHEN $2::integer IS NULL THEN 0 ELSE $2::integer END
 ORDER BY d.number
 LIMIT $1::integer;

-- name: rapid_review_decision_insert
-- A decision and the sign-offs that came with it. Beside a later one the earlier ones stay.
-- $1 record (json object), $2 rapid_review_id
WITH decided AS (
  INSERT INTO rapid_review_decision AS d
  SELECT written.*
    FROM jsonb_populate_record(NULL::rapid_review_decision, $1::jsonb || jsonb_build_object(
           'partnership_id', tenant(),
           'rapid_review_id', $2::uuid,
           'id', gen_random_uuid(),
           'number', (
             SELECT coalesce(max(k.number), 0) + 1
               FROM rapid_review_decision AS k
              WHERE k.partnership_id = tenant()
                AND k.rapid_review_id = $2::uuid),
           'code_list_version', code_list_version(),
           'created_at', now())) AS written
  RETURNING d.partnership_id, d.rapid_review_id, d.id, d.decided_on
)
INSERT INTO rapid_review_sign_off (partnership_id, rapid_review_id, decision_id, id, agency_id,
  agreed, by_role, signed_on, dissent, created_at)
SELECT decided.partnership_id,
       decided.rapid_review_id,
       decided.id,
       gen_random_uuid(),
       g.agency_id,
       g.agreed,
       g.by_role,
       coalesce(g."on", decided.decided_on),
       g.dissent,
       now()
  FROM decided
 CROSS JOIN jsonb_to_recordset(coalesce($1::jsonb -> 'sign_offs', '[]'))
         AS g (agency_id uuid, agreed boolean, by_role text, "on" date, dissent text);

-- name: rapid_review_sign_off_insert
-- The sign-off of an agency for the decision that counts.
-- $1 record (json object), $2 rapid_review_id, $3 today
INSERT INTO rapid_review_sign_off (partnership_id, rapid_review_id, decision_id, id, agency_id,
  agreed, by_role, signed_on, dissent, created_at)
SELECT d.partnership_id,
       d.rapid_review_id,
       d.id,
       gen_random_uuid(),
       g.agency_id,
       g.agreed,
       g.by_role,
       coalesce(g."on", $3::date),
       g.dissent,
       now()
  FROM (SELECT k.partnership_id, k.rapid_review_id, k.id
          FROM rapid_review_decision AS k
         WHERE k.partnership_id = tenant()
           AND k.rapid_review_id = $2::uuid
         ORDER BY k.number DESC
         LIMIT 1) AS d
 CROSS JOIN jsonb_to_record($1::jsonb)
         AS g (agency_id uuid, agreed boolean, by_role text, "on" date, dissent text);

-- name: rapid_review_submission_columns
-- A submission to the Panel.
-- fragment
u.id,
u.rapid_review_id,
u.number,
u.decision_id,
u.complete,
u.transmission,
u.submitted_on,
u.document_sha256,
u.note,
instant_text(u.created_at) AS created_at

-- name: rapid_review_submission_current
-- The last submission.
-- stored
-- $1 rapid_review_id
SELECT {{rapid_review_submission_columns}}
  FROM rapid_review_submission AS u
 WHERE u.partnership_id = tenant()
   AND u.rapid_review_id = $1::uuid
 ORDER BY u.number DESC
 LIMIT 1;

-- name: rapid_review_submission_list
-- The submissions of a rapid review, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 rapid_review_id
SELECT {{rapid_review_submission_columns}},
       u.number AS "_key"
  FROM rapid_review_submission AS u
 WHERE u.partnership_id = tenant()
   AND u.rapid_review_id = $3::uuid
   AND u.number > CASE WHEN $2::integer IS NULL THEN 0 ELSE $2::integer END
 ORDER BY u.number
 LIMIT $1::integer;

-- name: rapid_review_submission_insert
-- A submission of the decision that counts.
-- $1 record (json object), $2 rapid_review_id, $3 today
INSERT INTO rapid_review_submission AS u
SELECT written.*
  FROM jsonb_populate_record(NULL::rapid_review_submission,
         jsonb_build_object('submitted_on', $3::date)
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'rapid_review_id', $2::uuid,
           'id', gen_random_uuid(),
           'number', (
             SELECT coalesce(max(k.number), 0) + 1
               FROM rapid_review_submission AS k
              WHERE k.partnership_id = tenant()
                AND k.rapid_review_id = $2::uuid),
           'decision_id', (
             SELECT d.id
               FROM rapid_review_decision AS d
              WHERE d.partnership_id = tenant()
                AND d.rapid_review_id = $2::uuid
              ORDER BY d.number DESC
              LIMIT 1),
           'transmission', coalesce($1::jsonb ->> 'transmission',
             CASE
               WHEN ($1::jsonb ->> 'submitted_on')::date < $3::date THEN 'record'
               ELSE 'send'
             END),
           'created_at', now())) AS written;

-- name: panel_response_columns
-- A response of the Panel and the partnership's answer to it.
-- fragment
p.id,
p.version,
p.rapid_review_id,
p.number,
p.response,
p.letter_on,
p.received_on,
p.summary,
p.answer,
p.answer_reason,
p.answered_on,
instant_text(p.created_at) AS created_at,
instant_text(p.updated_at) AS updated_at

-- name: panel_response_get
-- One response.
-- stored
-- $1 rapid_review_id, $2 panel_response_id
SELECT {{panel_response_columns}}
  FROM panel_response AS p
 WHERE p.partnership_id = tenant()
   AND p.rapid_review_id = $1::uuid
   AND p.id = $2::uuid;

-- name: panel_response_list
-- The Panel's responses, the first one first; the last one is current.
-- $1 limit (one more than the page), $2 after_key, $3 rapid_review_id
SELECT {{panel_response_columns}},
       p.number AS "_key"
  FROM panel_response AS p
 WHERE p.partnership_id = tenant()
   AND p.rapid_review_id = $3::uuid
   AND p.number > CASE WHEN $2::integer IS NULL THEN 0 ELSE $2::integer END
 ORDER BY p.number
 LIMIT $1::integer;

-- name: panel_response_insert
-- A further response.
-- $1 record (json object), $2 rapid_review_id, $3 record_id, $4 today
INSERT INTO panel_response AS p
SELECT written.*
  FROM jsonb_populate_record(NULL::panel_response,
         jsonb_build_object('received_on', $4::date)
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'rapid_review_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'number', (
             SELECT coalesce(max(k.number), 0) + 1
               FROM panel_response AS k
              WHERE k.partnership_id = tenant()
                AND k.rapid_review_id = $2::uuid),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: panel_response_patch
-- The partnership's answer; what the Panel wrote stays as it came.
-- $1 record (json object), $2 rapid_review_id, $3 record_id
UPDATE panel_response AS p
   SET version = p.version + 1,
       updated_at = now(),
       (answer, answer_reason, answered_on) = (
         SELECT w.answer, w.answer_reason, w.answered_on
           FROM jsonb_populate_record(p, $1::jsonb) AS w
       )
 WHERE p.partnership_id = tenant()
   AND p.rapid_review_id = $2::uuid
   AND p.id = $3::uuid;

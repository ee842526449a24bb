-- What belongs to a review: reviewers, panel, terms of reference, the family's participation,
-- drafts, agencies' responses and approvals. Lists are in the order in which they were written.

-- name: reviewer_columns
-- A reviewer as the API shows it.
-- fragment
v.id,
v.version,
v.review_id,
v.role,
v.organisation,
v.contract_reference,
v.independence_statement,
v.appointed_on,
v.ended_on,
v.ended_reason,
instant_text(v.created_at) AS created_at,
instant_text(v.updated_at) AS updated_at

-- name: reviewer_get
-- A reviewer.
-- stored
-- $1 review_id, $2 reviewer_id
SELECT {{reviewer_columns}}
  FROM reviewer AS v
 WHERE v.partnership_id = tenant()
   AND v.review_id = $1::uuid
   AND v.id = $2::uuid;

-- name: reviewer_list
-- The reviewers, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id
SELECT {{reviewer_columns}},
       v.created_at AS "_key",
       v.id AS "_id"
  FROM reviewer AS v
 WHERE v.partnership_id = tenant()
   AND v.review_id = $4::uuid
   AND (v.created_at, v.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY v.created_at, v.id
 LIMIT $1::integer;

-- name: reviewer_insert
-- A new one.
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO reviewer
SELECT written.*
  FROM jsonb_populate_record(NULL::reviewer,
         jsonb_build_object('role', 'lead') || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'review_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'created_by_agency_id', caller_agency(),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: reviewer_patch
-- What the body says; review_advance has checked the version.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE reviewer AS v
   SET (
         version, updated_at, role, organisation, contract_reference, independence_statement,
         appointed_on, ended_on, ended_reason
       ) = (
         SELECT v.version + 1, now(), p.role, p.organisation, p.contract_reference,
                p.independence_statement, p.appointed_on, p.ended_on, p.ended_reason
           FROM jsonb_populate_record(v, $1::jsonb) AS p
       )
 WHERE v.partnership_id = tenant()
   AND v.review_id = $2::uuid
   AND v.id = $3::uuid;

-- name: panel_member_columns
-- A member of the panel as the API shows it.
-- fragment
m.id,
m.version,
m.review_id,
m.agency_id,
m.role,
m.member_from,
m.member_until,
instant_text(m.created_at) AS created_at,
instant_text(m.updated_at) AS updated_at

-- name: panel_member_get
-- A member of the panel.
-- stored
-- $1 review_id, $2 panel_member_id
SELECT {{panel_member_columns}}
  FROM panel_member AS m
 WHERE m.partnership_id = tenant()
   AND m.review_id = $1::uuid
   AND m.id = $2::uuid;

-- name: panel_member_list
-- The members of the review's panel, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id
SELECT {{panel_member_columns}},
       m.created_at AS "_key",
       m.id AS "_id"
  FROM panel_member AS m
 WHERE m.partnership_id = tenant()
   AND m.review_id = $4::uuid
   AND (m.created_at, m.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY m.created_at, m.id
 LIMIT $1::integer;

-- name: panel_member_insert
-- A new one.
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO panel_member
SELECT written.*
  FROM jsonb_populate_record(NULL::panel_member,
         jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'review_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'created_by_agency_id', caller_agency(),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: panel_member_patch
-- What the body says; review_advance has checked the version.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE panel_member AS m
   SET (
         version, updated_at, role, member_from, member_until
       ) = (
         SELECT m.version + 1, now(), p.role, p.member_from, p.member_until
           FROM jsonb_populate_record(m, $1::jsonb) AS p
       )
 WHERE m.partnership_id = tenant()
   AND m.review_id = $2::uuid
   AND m.id = $3::uuid;

-- name: terms_of_reference_columns
-- A version of the terms of reference as the API shows it.
-- fragment
t.id,
t.version,
t.review_id,
t.number,
t.agreed_on,
t.agreed_by,
t.content,
t.document_sha256,
instant_text(t.created_at) AS created_at,
instant_text(t.updated_at) AS updated_at

-- name: terms_of_reference_get
-- A version of the terms of reference.
-- stored
-- $1 review_id, $2 terms_id
SELECT {{terms_of_reference_columns}}
  FROM terms_of_reference AS t
 WHERE t.partnership_id = tenant()
   AND t.review_id = $1::uuid
   AND t.id = $2::uuid;

-- name: terms_of_reference_list
-- The versions of the terms of reference, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id
SELECT {{terms_of_reference_columns}},
       t.created_at AS "_key",
       t.id AS "_id"
  FROM terms_of_reference AS t
 WHERE t.partnership_id = tenant()
   AND t.review_id = $4::uuid
   AND (t.created_at, t.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY t.created_at, t.id
 LIMIT $1::integer;

-- name: terms_of_reference_insert
-- The next one by number.
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO terms_of_reference
SELECT written.*
  FROM jsonb_populate_record(NULL::terms_of_reference,
         jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'review_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'number', 1 + (SELECT coalesce(max(t.number), 0)
                            FROM terms_of_reference AS t
                           WHERE t.partnership_id = tenant() AND t.review_id = $2::uuid),
           'created_by_agency_id', caller_agency(),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: family_participation_columns
-- A family member's participation as the API shows it.
-- fragment
f.id,
f.version,
f.review_id,
f.relation,
f.invited_on,
f.response,
f.responded_on,
f.feedback_offered_on,
f.note,
instant_text(f.created_at) AS created_at,
instant_text(f.updated_at) AS updated_at

-- name: family_participation_get
-- A family member's participation.
-- stored
-- $1 review_id, $2 participation_id
SELECT {{family_participation_columns}}
  FROM family_participation AS f
 WHERE f.partnership_id = tenant()
   AND f.review_id = $1::uuid
   AND f.id = $2::uuid;

-- name: family_participation_list
-- The family members' participation, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id
SELECT {{family_participation_columns}},
       f.created_at AS "_key",
       f.id AS "_id"
  FROM family_participation AS f
 WHERE f.partnership_id = tenant()
   AND f.review_id = $4::uuid
   AND (f.created_at, f.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY f.created_at, f.id
 LIMIT $1::integer;

-- name: family_participation_insert
-- A new one.
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO family_participation
SELECT written.*
  FROM jsonb_populate_record(NULL::family_participation,
         jsonb_build_object('response', 'invited') || jsonb_strip_nulls($1::jsonb)
         || jsonb_build_object(
           'partnership_id', tenant(),
           'review_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'created_by_agency_id', caller_agency(),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: family_participation_patch
-- What the body says; review_advance has checked the version.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE family_participation AS f
   SET (
         version, updated_at, relation, invited_on, response, responded_on, feedback_offered_on,
         note
       ) = (
         SELECT f.version + 1, now(), p.relation, p.invited_on, p.response, p.responded_on,
                p.feedback_offered_on, p.note
           FROM jsonb_populate_record(f, $1::jsonb) AS p
       )
 WHERE f.partnership_id = tenant()
   AND f.review_id = $2::uuid
   AND f.id = $3::uuid;

-- name: review_draft_columns
-- A draft as the API shows it.
-- fragment
d.id,
d.version,
d.review_id,
d.number,
d.received_on,
d.circulated_on,
d.checked_against_terms,
d.document_sha256,
d.note,
instant_text(d.created_at) AS created_at,
instant_text(d.updated_at) AS updated_at

-- name: review_draft_get
-- A draft.
-- stored
-- $1 review_id, $2 draft_id
SELECT {{review_draft_columns}}
  FROM review_draft AS d
 WHERE d.partnership_id = tenant()
   AND d.review_id = $1::uuid
   AND d.id = $2::uuid;

-- name: review_draft_list
-- The drafts of the report, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id
SELECT {{review_draft_columns}},
       d.created_at AS "_key",
       d.id AS "_id"
  FROM review_draft AS d
 WHERE d.partnership_id = tenant()
   AND d.review_id = $4::uuid
   AND (d.created_at, d.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY d.created_at, d.id
 LIMIT $1::integer;

-- name: review_draft_insert
-- The next one by number.
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO review_draft
SELECT written.*
  FROM jsonb_populate_record(NULL::review_draft,
         jsonb_build_object('checked_against_terms', false) || jsonb_strip_nulls($1::jsonb)
         || jsonb_build_object(
           'partnership_id', tenant(),
           'review_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'number', 1 + (SELECT coalesce(max(d.number), 0)
                            FROM review_draft AS d
                           WHERE d.partnership_id = tenant() AND d.review_id = $2::uuid),
           'created_by_agency_id', caller_agency(),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: review_draft_patch
-- What the body says; review_advance has checked the version.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE review_draft AS d
   SET (
         version, updated_at, received_on, circulated_on, checked_against_terms, document_sha256,
         note
       ) = (
         SELECT d.version + 1, now(), p.received_on, p.circulated_on, p.checked_against_terms,
                p.document_sha256, p.note
           FROM jsonb_populate_record(d, $1::jsonb) AS p
       )
 WHERE d.partnership_id = tenant()
   AND d.review_id = $2::uuid
   AND d.id = $3::uuid;

-- name: agency_response_columns
-- An agency's response as the API shows it.
-- fragment
s.id,
s.version,
s.review_id,
s.agency_id,
s.draft_number,
s.shared_on,
s.responded_on,
s.response,
s.governance_body,
s.governance_told_on,
s.overdue_reason,
s.note,
(SELECT c.due_on
   FROM clock AS c
  WHERE c.partnership_id = s.partnership_id
    AND c.subject_id = s.review_id
    AND c.kind = 'agency_response'
    AND c.resource_id = s.id
    AND c.superseded_at IS NULL
    AND c.cancelled_at IS NULL
  ORDER BY c.created_at DESC
  LIMIT 1) AS due_on,
instant_text(s.created_at) AS created_at,
instant_text(s.updated_at) AS updated_at

-- name: agency_response_get
-- An agency's response.
-- stored
-- $1 review_id, $2 agency_response_id
SELECT {{agency_response_columns}}
  FROM agency_response AS s
 WHERE s.partnership_id = tenant()
   AND s.review_id = $1::uuid
   AND s.id = $2::uuid;

-- name: agency_response_list
-- The agencies' responses, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id
SELECT {{agency_response_columns}},
       s.created_at AS "_key",
       s.id AS "_id"
  FROM agency_response AS s
 WHERE s.partnership_id = tenant()
   AND s.review_id = $4::uuid
   AND (s.created_at, s.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY s.created_at, s.id
 LIMIT $1::integer;

-- name: agency_response_insert
-- Of the latest draft; the agency sees the review from then on.
-- $1 record (json object), $2 review_id, $3 record_id
WITH asked AS (
  UPDATE review AS r
     SET asked_agency_ids = r.asked_agency_ids || ($1::jsonb ->> 'agency_id')::uuid
   WHERE r.partnership_id = tenant()
     AND r.id = $2::uuid
     AND ($1::jsonb ->> 'agency_id')::uuid <> ALL (r.asked_agency_ids)
)
INSERT INTO agency_response
SELECT written.*
  FROM jsonb_populate_record(NULL::agency_response,
         jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'review_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'draft_number', (SELECT max(d.number)
                              FROM review_draft AS d
                             WHERE d.partnership_id = tenant() AND d.review_id = $2::uuid),
           'created_by_agency_id', caller_agency(),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: agency_response_patch
-- What the body says; review_advance has checked the version.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE agency_response AS s
   SET (
         version, updated_at, shared_on, governance_body, governance_told_on, overdue_reason, note
       ) = (
         SELECT s.version + 1, now(), p.shared_on, p.governance_body, p.governance_told_on,
                p.overdue_reason, p.note
           FROM jsonb_populate_record(s, $1::jsonb) AS p
       )
 WHERE s.partnership_id = tenant()
   AND s.review_id = $2::uuid
   AND s.id = $3::uuid;

-- name: review_approval_columns
-- An approval as the API shows it.
-- fragment
a.id,
a.version,
a.review_id,
a.kind,
a.draft_number,
a.decided_on,
a.outcome,
a.decided_by,
a.reason,
instant_text(a.created_at) AS created_at,
instant_text(a.updated_at) AS updated_at

-- name: review_approval_get
-- An approval.
-- stored
-- $1 review_id, $2 approval_id
SELECT {{review_approval_columns}}
  FROM review_approval AS a
 WHERE a.partnership_id = tenant()
   AND a.review_id = $1::uuid
   AND a.id = $2::uuid;

-- name: review_approval_list
-- The approvals, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 review_id
SELECT {{review_approval_columns}},
       a.created_at AS "_key",
       a.id AS "_id"
  FROM review_approval AS a
 WHERE a.partnership_id = tenant()
   AND a.review_id = $4::uuid
   AND (a.created_at, a.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY a.created_at, a.id
 LIMIT $1::integer;

-- name: review_approval_insert
-- Of the latest draft.
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO review_approval
SELECT written.*
  FROM jsonb_populate_record(NULL::review_approval,
         jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'review_id', $2::uuid,
           'id', $3::uuid,
           'version', 1,
           'draft_number', (SELECT max(d.number)
                              FROM review_draft AS d
                             WHERE d.partnership_id = tenant() AND d.review_id = $2::uuid),
           'created_by_agency_id', caller_agency(),
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: agency_response_answer
-- The agency's answer, by itself or written down for it.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE agency_response AS s
   SET (
         version, updated_at, responded_on, response, governance_body, governance_told_on, note
       ) = (
         SELECT s.version + 1, now(), p.responded_on, p.response, p.governance_body,
                p.governance_told_on, p.note
           FROM jsonb_populate_record(s, $1::jsonb) AS p
       )
 WHERE s.partnership_id = tenant()
   AND s.review_id = $2::uuid
   AND s.id = $3::uuid;

-- How a review is published, who is told before it, and what follows.

-- name: publication_facts
-- What the steps of publication ask for, of a review r with its review_publication u.
-- fragment
jsonb_build_object(
  'embargo_is_open', {{embargo_is_open}},
  'no_open_embargo', NOT {{embargo_is_open}},
  'embargo_lifted_on', (
    SELECT max(e.lifted_on)
      FROM review_embargo AS e
     WHERE e.partnership_id = r.partnership_id
       AND e.review_id = r.id),
  'signed_off_on', r.signed_off_on,
  'proceeding_holds_publication', {{proceeding_holds_publication}},
  'publication_waits_for', (
    SELECT jsonb_agg(jsonb_build_object('opened_on', p.opened_on, 'ended_on', p.ended_on))
      FROM review_proceeding AS p
     WHERE p.partnership_id = r.partnership_id
       AND p.review_id = r.id
       AND p.affects_publication),
  'embargo_has_ground', {{proceeding_holds_publication}} OR EXISTS (
    SELECT FROM review_embargo AS e
     WHERE e.partnership_id = r.partnership_id
       AND e.review_id = r.id
       AND e.lifted_on IS NULL
       AND e.other_reason_until IS NOT NULL),
  'report_is_hashed', ({{report_sha256}}) IS NOT NULL,
  'publication_form', u.form,
  'form_is_decided', u.form IS NOT NULL AND u.form <> 'not_published',
  'publication_is_planned', u.planned_on IS NOT NULL,
  'publication_planned_on', u.planned_on,
  'not_publishing_is_decided', u.form IS NOT DISTINCT FROM 'not_published',
  'notice_given_on', u.notice_given_on,
  'earliest_publication_on', u.earliest_publication_on,
  'notice_is_overridden', u.override IS NOT NULL,
  'was_published_on', u.published_on,
  'concluded_on', coalesce(u.published_on, u.not_published_on, r.signed_off_on),
  'is_assured', EXISTS (
    SELECT FROM review_assurance_check AS a
     WHERE a.partnership_id = r.partnership_id
       AND a.review_id = r.id
       AND a.satisfied))

-- name: report_sha256
-- Of the latest draft of a review r.
-- fragment
SELECT d.document_sha256
  FROM review_draft AS d
 WHERE d.partnership_id = r.partnership_id
   AND d.review_id = r.id
 ORDER BY d.number DESC
 LIMIT 1

-- name: embargo_is_open
-- fragment
EXISTS (
  SELECT FROM review_embargo AS e
   WHERE e.partnership_id = r.partnership_id
     AND e.review_id = r.id
     AND e.lifted_on IS NULL)

-- name: proceeding_holds_publication
-- fragment
EXISTS (
  SELECT FROM review_proceeding AS p
   WHERE p.partnership_id = r.partnership_id
     AND p.review_id = r.id
     AND p.affects_publication
     AND p.ended_on IS NULL)

-- name: review_publication_status
-- fragment
publication_status(r.state, u.form, u.published_on, {{embargo_is_open}})

-- name: review_publication_columns
-- What a review shows of its publication.
-- fragment
{{review_publication_status}} AS publication_status,
u.form AS publication_form,
u.planned_on AS publication_planned_on,
u.earliest_publication_on,
u.published_on,
review_held_by(r.partnership_id, r.id, (now() AT TIME ZONE 'Europe/London')::date) AS held_by

-- name: publication_get
-- The plan of a review's publication and what came of it; its version is the review's.
-- stored
-- $1 review_id
SELECT r.id AS review_id,
       r.version,
       r.state,
       {{review_publication_status}} AS publication_status,
       u.form,
       u.planned_on,
       u.reason,
       u.decided_by,
       u.panel_told_on,
       u.url,
       u.on_website_until,
       u.nspcc_submitted_on,
       u.media_plan,
       u.cabinet_member_told_on,
       u.override,
       u.report_sha256,
       u.notice_given_on,
       u.earliest_publication_on,
       u.published_on,
       u.not_published_on,
       u.assurance_interval_months,
       u.first_check_due_on
  FROM review AS r
  LEFT JOIN review_publication AS u ON u.partnership_id = r.partnership_id AND u.id = r.id
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: publication_put
-- The plan as the body says, in place of the earlier one; what has happened stays.
-- $1 record (json object), $2 review_id
INSERT INTO review_publication AS u (partnership_id, id, version, form, planned_on, reason,
  decided_by, panel_told_on, url, on_website_until, nspcc_submitted_on, media_plan,
  cabinet_member_told_on, override)
SELECT tenant(), $2::uuid, 1, n.form, n.planned_on, n.reason, n.decided_by, n.panel_told_on, n.url,
       n.on_website_until, n.nspcc_submitted_on, n.media_plan, n.cabinet_member_told_on, n.override
  FROM jsonb_populate_record(NULL::review_publication, jsonb_strip_nulls($1::jsonb)) AS n
ON CONFLICT (partnership_id, id) DO UPDATE
   SET version = u.version + 1,
       form = excluded.form,
       planned_on = excluded.planned_on,
       reason = excluded.reason,
       decided_by = excluded.decided_by,
       panel_told_on = excluded.panel_told_on,
       url = excluded.url,
       on_website_until = excluded.on_website_until,
       nspcc_submitted_on = excluded.nspcc_submitted_on,
       media_plan = excluded.media_plan,
       cabinet_member_told_on = excluded.cabinet_member_told_on,
       override = CASE
         WHEN u.notice_given_on IS NULL THEN excluded.override
         ELSE coalesce(excluded.override, u.override)
       END;

-- name: publication_step
-- What a review's transition leaves in its publication, and the notices that it sends or records:
-- data-modifying parts of the statement that writes the transition. Each step leaves what it was judged
-- by and nothing else that its body may have: only one publishes, and only two go past a rule. An
-- embargo takes the planned day and the notice that was given for it with it.
-- fragment
publication_moved AS (
  INSERT INTO review_publication AS u (partnership_id, id, version, form, reason, decided_by,
    panel_told_on, override, report_sha256, notice_given_on, earliest_publication_on, published_on,
    not_published_on, assurance_interval_months, first_check_due_on)
  SELECT tenant(), $2::uuid, 1,
         CASE WHEN $3::text = 'not_published' THEN 'not_published' END,
         CASE WHEN $3::text = 'not_published' THEN n.reason END,
         CASE WHEN $3::text = 'not_published' THEN n.decided_by END,
         CASE WHEN $3::text = 'not_published' THEN n.panel_told_on END,
         CASE WHEN $3::text IN ('notice_given', 'published') THEN n.override END,
         CASE WHEN $3::text = 'notice_given' THEN coalesce(n.report_sha256, ({{report_sha256}})) END,
         CASE WHEN $3::text = 'notice_given' THEN coalesce(($1::jsonb ->> 'on')::date, $4::date) END,
         CASE WHEN $3::text = 'notice_given' THEN n.earliest_publication_on END,
         CASE WHEN $3::text = 'published' THEN n.published_on END,
         CASE WHEN $3::text = 'not_published' THEN coalesce(($1::jsonb ->> 'on')::date, $4::date) END,
         CASE WHEN $3::text = 'assurance' THEN n.interval_months END,
         CASE WHEN $3::text = 'assurance' THEN n.first_check_due_on END
    FROM jsonb_to_record($1::jsonb) AS n (reason text, decided_by text, panel_told_on date,
           override jsonb, report_sha256 text, earliest_publication_on date, published_on date,
           interval_months integer, first_check_due_on date)
    JOIN review AS r ON r.partnership_id = tenant() AND r.id = $2::uuid
   WHERE $3::text IN ('embargoed', 'notice_given', 'published', 'not_published', 'assurance')
  ON CONFLICT (partnership_id, id) DO UPDATE
     SET version = u.version + 1,
         form = coalesce(excluded.form, u.form),
         reason = coalesce(excluded.reason, u.reason),
         decided_by = coalesce(excluded.decided_by, u.decided_by),
         panel_told_on = coalesce(excluded.panel_told_on, u.panel_told_on),
         override = CASE
           WHEN $3::text <> 'embargoed' THEN coalesce(excluded.override, u.override)
         END,
         report_sha256 = coalesce(excluded.report_sha256, u.report_sha256),
         planned_on = CASE
           WHEN $3::text NOT IN ('embargoed', 'not_published') THEN u.planned_on
         END,
         notice_given_on = CASE
           WHEN $3::text <> 'embargoed' THEN coalesce(excluded.notice_given_on, u.notice_given_on)
         END,
         earliest_publication_on = CASE
           WHEN $3::text <> 'embargoed'
           THEN coalesce(excluded.earliest_publication_on, u.earliest_publication_on)
         END,
         published_on = coalesce(excluded.published_on, u.published_on),
         not_published_on = coalesce(excluded.not_published_on, u.not_published_on),
         assurance_interval_months =
           coalesce(excluded.assurance_interval_months, u.assurance_interval_months),
         first_check_due_on = coalesce(excluded.first_check_due_on, u.first_check_due_on)
  RETURNING u.id
), notices_told AS (
  INSERT INTO review_publication_notice (partnership_id, id, review_id, version, recipient,
    planned_on, sent_on, channel, event_id, note, created_at, updated_at)
  SELECT tenant(), gen_random_uuid(), $2::uuid, 1, t.recipient,
         (SELECT u.planned_on
            FROM review_publication AS u
           WHERE u.partnership_id = tenant() AND u.id = $2::uuid),
         coalesce(t.sent_on, ($1::jsonb ->> 'on')::date, $4::date), t.channel, t.event_id, t.note,
         now(), now()
    FROM (
      SELECT d.code AS recipient, NULL::date AS sent_on, d.told_by AS channel,
             $5::uuid AS event_id, NULL AS note
        FROM publication_recipient AS d
       WHERE d.partnership_id = tenant()
         AND d.in_law
         AND $1::jsonb ->> 'transmission' IS DISTINCT FROM 'record'
      UNION ALL
      SELECT n.recipient, n.sent_on, n.channel, NULL, n.note
        FROM jsonb_to_recordset(coalesce($1::jsonb -> 'notices', '[]'))
               AS n (recipient text, sent_on date, channel text, note text)
    ) AS t
   WHERE $3::text = 'notice_given'
  RETURNING id
)

-- name: publication_notice_columns
-- A notice as the API shows it; one that went by webhook with how far its delivery is.
-- fragment
n.id,
n.version,
n.review_id,
n.recipient,
c.label AS recipient_label,
c.in_law,
n.planned_on,
n.sent_on,
n.channel,
d.id AS delivery_id,
CASE WHEN n.event_id IS NOT NULL THEN coalesce(d.state, 'no_endpoint') END AS delivery_state,
n.acknowledged_on,
n.acknowledged_by,
n.reference,
n.note,
instant_text(n.created_at) AS created_at,
instant_text(n.updated_at) AS updated_at

-- name: publication_notice_source
-- fragment
review_publication_notice AS n
  JOIN publication_recipient AS c
    ON c.partnership_id = n.partnership_id AND c.code = n.recipient
  LEFT JOIN LATERAL (
    SELECT v.*
      FROM delivery AS v
      JOIN webhook_endpoint AS w ON w.partnership_id = v.partnership_id AND w.id = v.endpoint_id
     WHERE v.partnership_id = n.partnership_id
       AND v.event_id = n.event_id
       AND w.recipient = n.recipient
     -- A recipient may have several endpoints; one of them is enough.
     ORDER BY v.state = 'delivered' DESC, v.state = 'cancelled', v.created_at, v.id
     LIMIT 1) AS d ON true

-- name: publication_notice_get
-- stored
-- $1 review_id, $2 notice_id
SELECT {{publication_notice_columns}}
  FROM {{publication_notice_source}}
 WHERE n.partnership_id = tenant()
   AND n.review_id = $1::uuid
   AND n.id = $2::uuid;

-- name: publication_notice_list
-- Who was told of a review's publication, and when.
-- $1 review_id, $2 limit (one more than the page), $3 after_key, $4 after_id
SELECT {{publication_notice_columns}},
       n.created_at AS "_key",
       n.id AS "_id"
  FROM {{publication_notice_source}}
 WHERE n.partnership_id = tenant()
   AND n.review_id = $1::uuid
   AND (n.created_at, n.id) > (
     CASE WHEN $3::timestamptz IS NULL THEN '-infinity' ELSE $3::timestamptz END,
     CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
 ORDER BY n.created_at, n.id
 LIMIT $2::integer;

-- name: publication_notice_insert
-- $1 record (json object), $2 review_id, $3 record_id, $4 today
INSERT INTO review_publication_notice AS n
SELECT written.*
  FROM jsonb_populate_record(NULL::review_publication_notice,
         jsonb_build_object('sent_on', $4::date, 'planned_on', (
           SELECT u.planned_on
             FROM review_publication AS u
            WHERE u.partnership_id = tenant() AND u.id = $2::uuid))
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $3::uuid,
           'review_id', $2::uuid,
           'version', 1,
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: publication_notice_patch
-- The acknowledgement; the review's version has been checked.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE review_publication_notice AS n
   SET (version, updated_at, acknowledged_on, acknowledged_by, reference, note) = (
         SELECT n.version + 1, now(), b.acknowledged_on, b.acknowledged_by, b.reference, b.note
           FROM jsonb_populate_record(n, $1::jsonb) AS b
       )
 WHERE n.partnership_id = tenant()
   AND n.review_id = $2::uuid
   AND n.id = $3::uuid;

-- name: publication_recipient_list
-- Whom the partnership tells before it publishes.
-- $1 limit (one more than the page), $2 after_key
SELECT c.code,
       c.label,
       c.in_law,
       c.told_by,
       lpad(c.position::text, 6, '0') AS "_key"
  FROM publication_recipient AS c
 WHERE c.partnership_id = tenant()
   AND ($2::text IS NULL OR lpad(c.position::text, 6, '0') > $2::text)
 ORDER BY c.position
 LIMIT $1::integer;

-- name: assurance_check_columns
-- fragment
a.id,
a.version,
a.review_id,
a.checked_on,
a.by_role,
a.finding,
a.satisfied,
a.next_due_on,
instant_text(a.created_at) AS created_at

-- name: assurance_check_get
-- stored
-- $1 review_id, $2 assurance_check_id
SELECT {{assurance_check_columns}}
  FROM review_assurance_check AS a
 WHERE a.partnership_id = tenant()
   AND a.review_id = $1::uuid
   AND a.id = $2::uuid;

-- name: assurance_check_list
-- $1 review_id, $2 limit (one more than the page), $3 after_key, $4 after_id
SELECT {{assurance_check_columns}},
       a.created_at AS "_key",
       a.id AS "_id"
  FROM review_assurance_check AS a
 WHERE a.partnership_id = tenant()
   AND a.review_id = $1::uuid
   AND (a.created_at, a.id) > (
     CASE WHEN $3::timestamptz IS NULL THEN '-infinity' ELSE $3::timestamptz END,
     CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
 ORDER BY a.created_at, a.id
 LIMIT $2::integer;

-- name: assurance_check_insert
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO review_assurance_check AS a
SELECT written.*
  FROM jsonb_populate_record(NULL::review_assurance_check,
         jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $3::uuid,
           'review_id', $2::uuid,
           'version', 1,
           'created_at', now())) AS written;

-- name: dissemination_columns
-- fragment
d.id,
d.version,
d.review_id,
d.kind,
d.held_on,
d.audience,
d.attendance,
d.learning_and_development_told_on,
d.note,
instant_text(d.created_at) AS created_at

-- name: dissemination_get
-- stored
-- $1 review_id, $2 dissemination_id
SELECT {{dissemination_columns}}
  FROM review_dissemination AS d
 WHERE d.partnership_id = tenant()
   AND d.review_id = $1::uuid
   AND d.id = $2::uuid;

-- name: dissemination_list
-- $1 review_id, $2 limit (one more than the page), $3 after_key, $4 after_id
SELECT {{dissemination_columns}},
       d.created_at AS "_key",
       d.id AS "_id"
  FROM review_dissemination AS d
 WHERE d.partnership_id = tenant()
   AND d.review_id = $1::uuid
   AND (d.created_at, d.id) > (
     CASE WHEN $3::timestamptz IS NULL THEN '-infinity' ELSE $3::timestamptz END,
     CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
 ORDER BY d.created_at, d.id
 LIMIT $2::integer;

-- name: dissemination_insert
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO review_dissemination AS d
SELECT written.*
  FROM jsonb_populate_record(NULL::review_dissemination,
         jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $3::uuid,
           'review_id', $2::uuid,
           'version', 1,
           'created_at', now())) AS written;

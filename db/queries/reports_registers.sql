-- Registers: the records themselves, with what they sum up to.

-- name: report_proceedings_and_embargoes
-- The proceedings beside reviews and the embargoes that were open on the day, by review.
-- $1 as_of, $2 limit (one more than the page), $3 after_key, $4 after_id
WITH open AS MATERIALIZED (
  SELECT 'proceeding' AS kind, p.id, p.review_id, p.type, p.body, p.opened_on AS since,
         p.expected_end_on,
         CASE WHEN p.last_checked_on <= $1::date THEN p.last_checked_on END AS last_checked_on,
         p.affects_publication, NULL::date AS review_by, NULL::uuid AS agency_id,
         NULL::text AS owner, p.expected_end_on < $1::date AS overdue
    FROM review_proceeding AS p
   WHERE p.partnership_id = tenant()
     AND coalesce(p.opened_on, london_day(p.created_at)) <= $1::date
     AND (p.ended_on IS NULL OR p.ended_on > $1::date)
  UNION ALL
  SELECT 'embargo', e.id, e.review_id, NULL, NULL, e.embargoed_on, e.other_reason_until, NULL, true,
         e.review_by, e.agency_id, e.owner, e.review_by < $1::date
    FROM review_embargo AS e
   WHERE e.partnership_id = tenant()
     AND e.embargoed_on <= $1::date
     AND (e.lifted_on IS NULL OR e.lifted_on > $1::date)),
listed AS MATERIALIZED (
  SELECT v.reference, o.*
    FROM open AS o
    JOIN review AS v ON v.id = o.review_id
   WHERE v.partnership_id = tenant()),
page AS (
  SELECT l.reference AS review, l.kind, l.type, l.body, l.since, l.expected_end_on, l.last_checked_on,
         l.affects_publication, l.review_by,
         coalesce(CASE WHEN l.agency_id IS NOT NULL THEN agency_name_on(l.agency_id, l.since) END,
           l.owner) AS owner,
         l.overdue, l.id, l.review_id, '/v1/reviews/' || l.review_id AS link,
         l.reference AS "_key", l.id AS "_id"
    FROM (
      SELECT w.*
        FROM listed AS w
       WHERE (w.reference, w.id) > (coalesce($3::text, ''),
               coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'))
       ORDER BY w.reference, w.id
       LIMIT $2::integer) AS l),
totals AS (
  SELECT count(*) FILTER (WHERE l.kind = 'proceeding') AS proceedings,
         count(*) FILTER (WHERE l.kind = 'embargo') AS embargoes,
         count(DISTINCT l.review_id) AS reviews,
         count(*) FILTER (WHERE l.kind = 'proceeding' AND l.overdue) AS proceedings_overdue,
         count(*) FILTER (WHERE l.kind = 'embargo' AND l.overdue) AS embargoes_overdue
    FROM listed AS l)
SELECT CASE WHEN t.proceedings IS NULL THEN 'row' ELSE 'total' END AS "_part",
       p.*,
       t.*
  FROM page AS p
  FULL JOIN totals AS t ON false
 ORDER BY p."_key" NULLS LAST, p."_id";

-- name: referrals_on_day
-- The referrals of the period, each with how far it had come by the day: one that has not moved since
-- is in the state that it is in, and of the others the log of steps tells.
-- fragment
(SELECT r.id, r.reference, r.agency_id, r.received_on, r.incident_id,
        CASE WHEN moved.subject_id IS NULL THEN r.state
             ELSE coalesce(reached.to_state, 'received') END AS state
   FROM {{report_period}}
   JOIN referral AS r ON r.received_on BETWEEN period.starts_on AND period.ends_on
   LEFT JOIN (
     SELECT DISTINCT t.subject_id
       FROM transition AS t
      WHERE t.partnership_id = tenant()
        AND t.subject = 'referral'
        AND t.happened_on > $1::date) AS moved ON moved.subject_id = r.id
   LEFT JOIN LATERAL (
     SELECT t.to_state
       FROM transition AS t
      WHERE t.partnership_id = tenant()
        AND t.subject_id = moved.subject_id
        AND t.happened_on <= $1::date
      ORDER BY t.id DESC
      LIMIT 1) AS reached ON true
  WHERE r.partnership_id = tenant()
    AND r.received_on <= $1::date) AS r

-- name: report_referral_log
-- Each referral with what was decided of it, the first one first, those that were not met too.
-- $1 as_of, $2 year, $3 from, $4 to, $5 limit (one more than the page), $6 after_key, $7 after_id
WITH referrals AS MATERIALIZED (
  SELECT r.id, r.reference, r.agency_id, r.received_on, r.state
    FROM {{referrals_on_day}}),
page AS (
  SELECT r.reference, agency_name_on(r.agency_id, r.received_on) AS agency, r.received_on, r.state,
         d.outcome AS decision, d.decided_on, d.rationale,
         CASE WHEN d.referrer_told_on <= $1::date THEN d.referrer_told_on END AS referrer_told_on,
         CASE WHEN d.chair_told_on <= $1::date THEN d.chair_told_on END AS chair_told_on,
         i.local_ref AS incident, r.id, d.incident_id, '/v1/referrals/' || r.id AS link,
         r.received_on AS "_key", r.id AS "_id"
    FROM (
      SELECT w.*
        FROM referrals AS w
       WHERE (w.received_on, w.id) > (coalesce($6::date, '-infinity'),
               coalesce($7::uuid, '00000000-0000-0000-0000-000000000000'))
       ORDER BY w.received_on, w.id
       LIMIT $5::integer) AS r
    LEFT JOIN LATERAL (
      SELECT d.outcome, d.decided_on, d.rationale, d.referrer_told_on, d.chair_told_on, d.incident_id
        FROM referral_decision AS d
       WHERE d.partnership_id = tenant()
         AND d.referral_id = r.id
         AND d.decided_on <= $1::date
       ORDER BY d.created_at DESC, d.id DESC
       LIMIT 1) AS d ON true
    LEFT JOIN LATERAL (
      SELECT i.local_ref
        FROM incident AS i
       WHERE i.partnership_id = tenant()
         AND i.id = d.incident_id
       LIMIT 1) AS i ON true),
totals AS (
  SELECT count(*) AS referrals,
         count(*) FILTER (WHERE r.state = 'met') AS met,
         count(*) FILTER (WHERE r.state = 'not_met') AS not_met,
         count(*) FILTER (WHERE r.state = 'withdrawn') AS withdrawn,
         count(*) FILTER (WHERE r.state NOT IN ('met', 'not_met', 'withdrawn')) AS undecided
    FROM referrals AS r)
SELECT CASE WHEN t.referrals IS NULL THEN 'row' ELSE 'total' END AS "_part",
       p.*,
       t.*
  FROM page AS p
  FULL JOIN totals AS t ON false
 ORDER BY p."_key" NULLS LAST, p."_id";

-- name: report_publication_notices
-- The reviews of which a publication was planned, announced or done by the day, with who was told
-- before it. A plan counts from its recording, as the versions of its clock tell; days that are kept
-- themselves count from what they say.
-- $1 as_of, $2 year, $3 from, $4 to, $5 limit (one more than the page), $6 after_key
WITH plans AS MATERIALIZED (
  SELECT DISTINCT ON (c.subject_id) c.subject_id AS id, c.starts_on AS planned_on,
         c.due_on AS notice_due_on,
         c.cancelled_at IS NOT NULL AND london_day(c.cancelled_at) <= $1::date AS is_off,
         london_day(c.created_at) <= $1::date AS was_recorded
    FROM clock AS c
   WHERE c.partnership_id = tenant()
     AND c.kind = 'publication_notice'
   ORDER BY c.subject_id, london_day(c.created_at) <= $1::date DESC, c.created_at DESC, c.revision DESC),
schedule AS MATERIALIZED (
  SELECT v.id, v.reference, p.planned_on, p.notice_due_on,
         CASE WHEN u.notice_given_on <= $1::date THEN u.notice_given_on END AS notice_given_on,
         CASE WHEN u.published_on <= $1::date THEN u.published_on END AS published_on,
         CASE WHEN u.cabinet_member_told_on <= $1::date THEN u.cabinet_member_told_on
         END AS cabinet_member_told_on,
         CASE WHEN u.nspcc_submitted_on <= $1::date THEN u.nspcc_submitted_on END AS nspcc_submitted_on,
         u.form, u.media_plan IS NOT NULL AS has_media_plan
    FROM {{report_period}}
   CROSS JOIN review AS v
    JOIN review_publication AS u ON u.id = v.id
    LEFT JOIN plans AS p ON p.id = v.id
   WHERE v.partnership_id = tenant()
     AND u.partnership_id = tenant()
     AND v.decided_on <= $1::date
     AND (u.notice_given_on <= $1::date OR u.published_on <= $1::date
       OR (p.was_recorded AND NOT p.is_off))
     AND coalesce(u.published_on, p.planned_on, u.notice_given_on)
           BETWEEN period.starts_on AND period.ends_on),
page AS (
  SELECT s.reference AS review, s.form, s.planned_on, s.notice_due_on, s.notice_given_on,
         s.notice_given_on <= s.notice_due_on AS notice_on_time,
         coalesce(n.told, '{}') AS told, coalesce(n.not_told, '{}') AS not_told,
         s.cabinet_member_told_on, s.has_media_plan, s.published_on, s.nspcc_submitted_on,
         coalesce(n.recipients, '[]') AS recipients, s.id, '/v1/reviews/' || s.id AS link
    FROM (
      SELECT w.*
        FROM schedule AS w
       WHERE w.reference > coalesce($6::text, '')
       ORDER BY w.reference
       LIMIT $5::integer) AS s
    LEFT JOIN LATERAL (
      SELECT array_agg(t.label || ' ' || t.sent_on ORDER BY t.position)
               FILTER (WHERE t.sent_on IS NOT NULL) AS told,
             array_agg(t.label ORDER BY t.position) FILTER (WHERE t.sent_on IS NULL) AS not_told,
             json_agg(json_build_object('recipient', t.code, 'label', t.label, 'sent_on', t.sent_on)
               ORDER BY t.position) AS recipients
        FROM (
          SELECT c.code, c.label, c.position,
                 (SELECT min(m.sent_on)
                    FROM review_publication_notice AS m
                   WHERE m.partnership_id = tenant()
                     AND m.review_id = s.id
                     AND m.recipient = c.code
                     AND m.sent_on <= $1::date) AS sent_on
            FROM publication_recipient AS c
           WHERE c.partnership_id = tenant()) AS t) AS n ON true),
totals AS (
  SELECT count(*) AS publications,
         count(s.notice_given_on) AS notices,
         count(*) FILTER (WHERE s.notice_given_on <= s.notice_due_on) AS notices_on_time,
         percent_of(count(*) FILTER (WHERE s.notice_given_on <= s.notice_due_on),
           count(s.notice_given_on)) AS notices_percent,
         count(s.published_on) AS published,
         count(*) FILTER (WHERE s.published_on IS NOT NULL AND s.nspcc_submitted_on IS NULL)
           AS published_and_not_with_nspcc
    FROM schedule AS s)
SELECT CASE WHEN t.publications IS NULL THEN 'row' ELSE 'total' END AS "_part",
       p.review AS "_key",
       p.*,
       t.*
  FROM page AS p
  FULL JOIN totals AS t ON false
 ORDER BY p.review NULLS LAST;

-- name: report_dissemination
-- How what was learnt was shared, the first first.
-- $1 as_of, $2 year, $3 from, $4 to, $5 limit (one more than the page), $6 after_key, $7 after_id
WITH shared AS MATERIALIZED (
  SELECT d.id, d.review_id, d.kind, d.held_on, d.attendance, d.audience,
         CASE WHEN d.learning_and_development_told_on <= $1::date
              THEN d.learning_and_development_told_on END AS subgroup_told_on
    FROM {{report_period}}
    JOIN review_dissemination AS d ON d.held_on BETWEEN period.starts_on AND period.ends_on
   WHERE d.partnership_id = tenant()
     AND d.held_on <= $1::date),
page AS (
  SELECT v.reference AS review, d.kind, d.held_on, d.audience, d.attendance, d.subgroup_told_on,
         d.id, d.review_id, '/v1/reviews/' || d.review_id || '/dissemination/' || d.id AS link,
         d.held_on AS "_key", d.id AS "_id"
    FROM (
      SELECT s.*
        FROM shared AS s
       WHERE (s.held_on, s.id) > (coalesce($6::date, '-infinity'),
               coalesce($7::uuid, '00000000-0000-0000-0000-000000000000'))
       ORDER BY s.held_on, s.id
       LIMIT $5::integer) AS d
    LEFT JOIN LATERAL (
      SELECT v.reference
        FROM review AS v
       WHERE v.partnership_id = tenant()
         AND v.id = d.review_id
       LIMIT 1) AS v ON true),
totals AS (
  SELECT count(*) AS occasions,
         count(DISTINCT d.review_id) AS reviews,
         coalesce(sum(d.attendance), 0)::bigint AS total_attendance,
         count(*) FILTER (WHERE d.kind = 'seven_minute_briefing') AS seven_minute_briefings,
         count(*) FILTER (WHERE d.kind = 'webinar') AS webinars,
         count(*) FILTER (WHERE d.kind = 'briefing_event') AS briefing_events,
         count(*) FILTER (WHERE d.kind = 'training') AS training,
         count(*) FILTER (WHERE d.kind = 'other') AS other
    FROM shared AS d)
SELECT CASE WHEN t.occasions IS NULL THEN 'row' ELSE 'total' END AS "_part",
       p.*,
       t.*
  FROM page AS p
  FULL JOIN totals AS t ON false
 ORDER BY p."_key" NULLS LAST, p."_id";

-- name: report_worklist
-- What is due or overdue on the day, as the list of deadlines has it. What was open then is open now,
-- or was done, cancelled or counted anew since: each of these is found by an index of its own.
-- $1 as_of, $2 limit (one more than the page), $3 after_key, $4 after_id, $5 state, $6 kind
-- $7 agency_id, $8 owner, $9 subject, $10 incident_id
WITH days AS MATERIALIZED (
  SELECT d.day, d.number FROM working_day_numbers() AS d),
due AS MATERIALIZED (
  SELECT c.id, c.due_on, c.due_on < $1::date AS is_overdue, c.at_risk_on <= $1::date AS is_at_risk
    FROM (
      SELECT c.*
        FROM clock AS c
       WHERE c.partnership_id = tenant()
         AND clock_standing(c.superseded_at, c.cancelled_at, c.completed_on, c.paused, c.due_on) = 'open'
      UNION ALL
      SELECT c.*
        FROM clock AS c
       WHERE c.partnership_id = tenant()
         AND c.completed_on > $1::date
         AND c.superseded_at IS NULL
         AND c.cancelled_at IS NULL
      UNION ALL
      SELECT c.*
        FROM clock AS c
       WHERE c.partnership_id = tenant()
         AND clock_standing(c.superseded_at, c.cancelled_at, c.completed_on, c.paused, c.due_on)
               = 'cancelled'
      UNION ALL
      SELECT c.*
        FROM clock AS c
       WHERE c.partnership_id = tenant()
         AND clock_standing(c.superseded_at, c.cancelled_at, c.completed_on, c.paused, c.due_on)
               = 'superseded') AS c
   WHERE {{deadline_matches}}
     AND {{deadline_state}} IN ('running', 'breached')),
page AS (
  SELECT c.kind AS obligation, c.reference, c.due_on,
         CASE WHEN w.is_overdue THEN 'breached' WHEN w.is_at_risk THEN 'at_risk' ELSE 'running' END
           AS state,
         due_day.number - today.number AS working_days_remaining,
         coalesce(c.agency, c.owner) AS owner, c.extended_until, c.id, c.subject, c.subject_id,
         '/v1/deadlines/' || c.id AS link, w.due_on AS "_key", w.id AS "_id"
    FROM (
      SELECT d.*
        FROM due AS d
       WHERE (d.due_on, d.id) > (coalesce($3::date, '-infinity'),
               coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'))
       ORDER BY d.due_on, d.id
       LIMIT $2::integer) AS w
    CROSS JOIN LATERAL (
      SELECT {{deadline_columns}}
        FROM clock AS c
        {{deadline_joins}}
       WHERE c.partnership_id = tenant()
         AND c.id = w.id
       LIMIT 1) AS c
    LEFT JOIN days AS due_day ON due_day.day = c.due_on
    LEFT JOIN days AS today ON today.day = $1::date),
totals AS (
  SELECT count(*) AS obligations,
         count(*) FILTER (WHERE d.is_overdue) AS overdue,
         count(*) FILTER (WHERE NOT d.is_overdue AND d.is_at_risk) AS at_risk
    FROM due AS d)
SELECT CASE WHEN t.obligations IS NULL THEN 'row' ELSE 'total' END AS "_part",
       p.*,
       t.*
  FROM page AS p
  FULL JOIN totals AS t ON false
 ORDER BY p."_key" NULLS LAST, p."_id";

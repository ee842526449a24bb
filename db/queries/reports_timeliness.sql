-- Whether what the law and the local procedure ask for was done in time, judged by the clocks. Every
-- set is narrow and read once, and joined as a whole; what a page shows of an incident is looked up for
-- the page alone.

-- name: notification_clocks
-- The clock of the notification of each incident, with what was sent by the day. One that a decision
-- not to notify ended stands until the day of that decision; one that was a mistake never stood.
-- fragment
(SELECT c.incident_id, c.starts_on, c.due_on,
        CASE WHEN c.completed_on <= $1::date THEN c.completed_on END AS sent_on
   FROM clock AS c
  WHERE c.partnership_id = tenant()
    AND c.kind = 'sin'
    AND c.superseded_at IS NULL
    AND c.starts_on <= $1::date
    AND c.incident_id NOT IN ({{incidents_of_others}})
    AND (c.completed_on <= $1::date OR c.incident_id NOT IN (
      SELECT e.subject_id
        FROM (
          SELECT DISTINCT ON (t.subject_id) t.subject_id, t.to_state
            FROM transition AS t
           WHERE t.partnership_id = tenant()
             AND t.subject = 'incident'
             AND t.to_state IN ('withdrawn', 'not_notified', 'reopened')
             AND t.happened_on <= $1::date
           ORDER BY t.subject_id, t.id DESC) AS e
       WHERE e.to_state <> 'reopened'))
    AND (c.cancelled_at IS NULL
      OR c.incident_id IN (
          SELECT t.subject_id
            FROM transition AS t
           WHERE t.partnership_id = tenant()
             AND t.subject = 'incident'
             AND t.to_state IN ('withdrawn', 'not_notified'))
        AND c.id = (
          SELECT k.id
            FROM clock AS k
           WHERE k.partnership_id = tenant()
             AND k.kind = 'sin'
             AND k.incident_id = c.incident_id
             AND k.subject_id = c.subject_id
             AND k.superseded_at IS NULL
           ORDER BY k.cancelled_at DESC NULLS FIRST
           LIMIT 1))
 OFFSET 0) AS s

-- name: rapid_review_clocks
-- The clock of each rapid review, with what was submitted by the day. Whether the rapid review stood is
-- for the report to know; of one that lapsed and was taken up again the first submission counts.
-- fragment
(SELECT c.incident_id, c.subject_id, c.due_on,
        CASE WHEN c.completed_on <= $1::date THEN c.completed_on END AS done_on,
        {{extended_until_on_day}} AS extended_until
   FROM clock AS c
  WHERE c.partnership_id = tenant()
    AND c.kind = 'rapid_review'
    AND c.superseded_at IS NULL
    AND (c.subject_id NOT IN (
        SELECT t.subject_id
          FROM transition AS t
         WHERE t.partnership_id = tenant()
           AND t.to_state = 'lapsed')
      OR c.id = (
        SELECT k.id
          FROM clock AS k
         WHERE k.partnership_id = tenant()
           AND k.kind = 'rapid_review'
           AND k.incident_id = c.incident_id
           AND k.subject_id = c.subject_id
           AND k.superseded_at IS NULL
         ORDER BY k.completed_on, k.created_at DESC
         LIMIT 1))
 OFFSET 0) AS k

-- name: extended_until_on_day
-- Until when a clock c had been extended by the day. Extensions are rare, and too wide for an index.
-- fragment
CASE WHEN c.extended_until IS NOT NULL THEN (
  SELECT max((e.item ->> 'until')::date)
    FROM clock AS x
   CROSS JOIN jsonb_array_elements(x.extensions) AS e (item)
   WHERE x.partnership_id = tenant()
     AND x.id = c.id
     AND (e.item ->> 'agreed_on')::date <= $1::date) END

-- name: timeliness_incidents
-- The incidents that we lead with what was due of each: its notification and its rapid review. An
-- incident belongs to the period of its notification, or to that of the day of awareness before one.
-- fragment
(SELECT coalesce(s.incident_id, r.incident_id) AS id, s.starts_on AS aware_on,
        s.due_on AS notification_due_on, s.sent_on AS notification_sent_on,
        r.id AS rapid_review_id, r.due_on AS rapid_review_due_on,
        r.done_on AS rapid_review_submitted_on, r.extended_until AS rapid_review_extended_until
   FROM {{notification_clocks}}
   FULL JOIN (
     SELECT r.id, r.incident_id, r.notified_on, k.due_on, k.done_on, k.extended_until
       FROM rapid_review AS r
       LEFT JOIN {{rapid_review_clocks}}
         ON k.incident_id = r.incident_id AND k.subject_id IS NOT DISTINCT FROM r.id
      WHERE r.partnership_id = tenant()
        AND r.notified_on <= $1::date
        AND r.incident_id NOT IN ({{incidents_of_others}})
        AND {{rapid_review_stands}}
     OFFSET 0) AS r ON r.incident_id = s.incident_id
  CROSS JOIN {{report_period}}
  WHERE coalesce(s.sent_on, r.notified_on, s.starts_on)
          BETWEEN period.starts_on AND period.ends_on) AS i

-- name: timeliness_reviews
-- The local child safeguarding practice reviews that were decided on and not discontinued, with how
-- far they are over: calendar days, as the six months are.
-- fragment
(SELECT v.id, v.reference, v.decided_on, c.due_on,
        CASE WHEN c.completed_on <= $1::date THEN c.completed_on END AS done_on,
        CASE WHEN coalesce(least(c.completed_on, $1::date), $1::date) > c.due_on
             THEN coalesce(least(c.completed_on, $1::date), $1::date) - c.due_on END AS days_over,
        {{extended_until_on_day}} AS extended_until
   FROM review AS v
   LEFT JOIN clock AS c
     ON c.partnership_id = tenant()
    AND c.kind = 'lcspr'
    AND c.superseded_at IS NULL
    AND c.subject_id = v.id
  WHERE v.partnership_id = tenant()
    AND {{is_lcspr}}
    AND (v.discontinued_on IS NULL OR v.discontinued_on > $1::date)) AS v

-- name: proceeding_held_up
-- Whether a proceeding p held up an overdue review v: one that affected its publication after the day on
-- which it was due.
-- fragment
p.partnership_id = tenant()
          AND p.affects_publication
          AND coalesce(p.opened_on <= coalesce(v.done_on, $1::date), true)
          AND coalesce(p.ended_on >= v.due_on, true)

-- name: timeliness_parts
-- What was judged and how: parts of a statement.
-- fragment
days AS MATERIALIZED (
  SELECT d.day, d.number FROM working_day_numbers() AS d),
incidents AS MATERIALIZED (
  SELECT i.*,
         CASE
           WHEN i.notification_sent_on IS NOT NULL
             THEN i.notification_sent_on <= i.notification_due_on
           WHEN i.notification_due_on < $1::date THEN false
         END AS notification_on_time,
         CASE
           WHEN i.rapid_review_submitted_on IS NOT NULL
             THEN i.rapid_review_submitted_on <= i.rapid_review_due_on
           WHEN i.rapid_review_due_on < $1::date THEN false
         END AS rapid_review_on_time
    FROM {{timeliness_incidents}}),
-- What is late is late until the day when it is still not done.
late AS MATERIALIZED (
  SELECT i.id, done.number - due.number AS working_days
    FROM incidents AS i
    JOIN days AS due ON due.day = i.rapid_review_due_on
    JOIN days AS done ON done.day = coalesce(i.rapid_review_submitted_on, $1::date)
   WHERE NOT i.rapid_review_on_time),
links AS MATERIALIZED (
  SELECT l.incident_id, l.review_id
    FROM incidents AS i
    JOIN review_incident AS l ON l.incident_id = i.id
   WHERE l.partnership_id = tenant()
     AND link_stands(l.removed_at, $1::date)),
due_reviews AS MATERIALIZED (
  SELECT v.id, v.reference, v.decided_on, v.due_on, v.done_on, v.extended_until, v.days_over,
         CASE
           WHEN v.days_over IS NOT NULL THEN false
           WHEN v.done_on IS NOT NULL THEN true
         END AS on_time
    FROM {{timeliness_reviews}}
   WHERE v.id IN (SELECT l.review_id FROM links AS l)),
-- Those that something held up; what it was, is looked up for a page alone.
held AS MATERIALIZED (
  SELECT v.id
    FROM due_reviews AS v
   WHERE v.days_over IS NOT NULL
     AND EXISTS (
       SELECT
         FROM review_proceeding AS p
        WHERE p.review_id = v.id
          AND {{proceeding_held_up}}))

-- name: report_timeliness
-- Each incident with its notification, its scoping, its rapid review and its local review, by the day
-- on which the local authority became aware.
-- $1 as_of, $2 year, $3 from, $4 to, $5 limit (one more than the page), $6 after_key, $7 after_id
WITH {{timeliness_parts}},
listed AS MATERIALIZED (
  SELECT i.*, coalesce(i.aware_on, '-infinity') AS place
    FROM incidents AS i
   WHERE (coalesce(i.aware_on, '-infinity'), i.id) > (
     coalesce($6::date, '-infinity'), coalesce($7::uuid, '00000000-0000-0000-0000-000000000000'))
   ORDER BY coalesce(i.aware_on, '-infinity'), i.id
   LIMIT $5::integer),
listed_links AS MATERIALIZED (
  SELECT l.incident_id, l.review_id
    FROM links AS l
   WHERE l.incident_id IN (SELECT f.id FROM listed AS f)),
page AS (
  SELECT w.local_ref AS reference, i.aware_on, i.notification_due_on, i.notification_sent_on,
         sent.number - aware.number AS notification_working_days, i.notification_on_time,
         coalesce(r.returns, '[]') AS scoping_returns,
         coalesce(r.lines, '{}') AS scoping,
         i.rapid_review_due_on, i.rapid_review_submitted_on, i.rapid_review_on_time,
         late.working_days AS rapid_review_working_days_late,
         CASE WHEN NOT i.rapid_review_on_time AND i.rapid_review_extended_until IS NOT NULL
              THEN coalesce(i.rapid_review_submitted_on, $1::date) <= i.rapid_review_extended_until
         END AS rapid_review_within_extension,
         v.reference AS lcspr, v.due_on AS lcspr_due_on,
         CASE WHEN u.published_on <= $1::date THEN u.published_on END AS lcspr_published_on,
         v.days_over AS lcspr_days_over,
         CASE WHEN v.days_over IS NOT NULL THEN (
           SELECT array_agg(DISTINCT p.type ORDER BY p.type)
             FROM review_proceeding AS p
            WHERE p.review_id = v.id
              AND {{proceeding_held_up}}) END AS lcspr_proceedings,
         CASE WHEN v.days_over IS NOT NULL AND v.extended_until IS NOT NULL
              THEN coalesce(v.done_on, $1::date) <= v.extended_until
         END AS lcspr_within_extension,
         x.reason AS lcspr_extension_reason,
         i.rapid_review_id, v.id AS review_id, '/v1/incidents/' || i.id AS link,
         i.place AS "_key", i.id AS "_id"
    FROM listed AS i
    LEFT JOIN days AS aware ON aware.day = i.aware_on
    LEFT JOIN days AS sent ON sent.day = i.notification_sent_on
    LEFT JOIN late ON late.id = i.id
    LEFT JOIN (
      SELECT DISTINCT ON (l.incident_id) l.incident_id, v.*
        FROM listed_links AS l
        JOIN due_reviews AS v ON v.id = l.review_id
       ORDER BY l.incident_id, v.decided_on, v.id) AS v ON v.incident_id = i.id
    LEFT JOIN LATERAL (
      SELECT w.local_ref
        FROM incident AS w
       WHERE w.partnership_id = tenant()
         AND w.id = i.id
       LIMIT 1) AS w ON true
    LEFT JOIN LATERAL (
      SELECT u.published_on
        FROM review_publication AS u
       WHERE u.partnership_id = tenant()
         AND u.id = v.id
       LIMIT 1) AS u ON true
    LEFT JOIN LATERAL (
      SELECT (SELECT e.item ->> 'reason'
                FROM jsonb_array_elements(c.extensions) WITH ORDINALITY AS e (item, place)
               WHERE (e.item ->> 'agreed_on')::date <= $1::date
               ORDER BY e.place DESC
               LIMIT 1) AS reason
        FROM clock AS c
       WHERE c.partnership_id = tenant()
         AND c.subject_id = CASE WHEN v.extended_until IS NOT NULL THEN v.id END
         AND c.kind = 'lcspr'
         AND c.superseded_at IS NULL
       LIMIT 1) AS x ON true
    LEFT JOIN LATERAL (
      SELECT json_agg(json_build_object('agency', g.agency, 'sent_on', g.sent_on, 'due_on', g.due_on,
               'returned_on', g.returned_on) ORDER BY g.sent_on, g.agency) AS returns,
             array_agg(g.agency || ': sent ' || g.sent_on || ', due ' || coalesce(g.due_on::text, '-')
               || ', returned ' || coalesce(g.returned_on::text, '-')
               ORDER BY g.sent_on, g.agency) AS lines
        FROM (
          SELECT CASE WHEN a.succeeded_on <= s.sent_on THEN agency_name_on(a.id, s.sent_on)
                      ELSE a.name END AS agency,
                 s.sent_on,
                 (SELECT max(c.due_on)
                    FROM clock AS c
                   WHERE c.partnership_id = tenant()
                     AND c.subject_id = i.rapid_review_id
                     AND c.kind = 'scoping'
                     AND c.resource_id = s.id
                     AND c.superseded_at IS NULL) AS due_on,
                 CASE WHEN s.received_on <= $1::date THEN s.received_on END AS returned_on
            FROM scoping_return AS s
            LEFT JOIN agency AS a ON a.partnership_id = tenant() AND a.id = s.agency_id
           WHERE s.partnership_id = tenant()
             AND s.rapid_review_id = i.rapid_review_id
             AND s.sent_on <= $1::date
             AND (s.withdrawn_on IS NULL OR s.withdrawn_on > $1::date)) AS g) AS r ON true),
of_incidents AS (
  SELECT count(i.notification_on_time) AS notifications,
         count(*) FILTER (WHERE i.notification_on_time) AS notifications_on_time,
         count(i.rapid_review_on_time) AS rapid_reviews,
         count(*) FILTER (WHERE i.rapid_review_on_time) AS rapid_reviews_on_time
    FROM incidents AS i),
of_late AS (
  SELECT round(avg(l.working_days), 1) AS mean,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY l.working_days) AS median
    FROM late AS l),
of_reviews AS (
  SELECT count(v.on_time) AS lcsprs,
         count(*) FILTER (WHERE v.on_time) AS lcsprs_on_time,
         count(v.days_over) AS lcsprs_overdue,
         (SELECT count(*) FROM held AS h) AS lcsprs_overdue_with_proceedings,
         count(*) FILTER (WHERE v.days_over IS NOT NULL
           AND coalesce(v.done_on, $1::date) <= v.extended_until) AS lcsprs_overdue_within_extension
    FROM due_reviews AS v),
totals AS (
  SELECT i.notifications, i.notifications_on_time,
         percent_of(i.notifications_on_time, i.notifications) AS notifications_percent,
         i.rapid_reviews, i.rapid_reviews_on_time,
         percent_of(i.rapid_reviews_on_time, i.rapid_reviews) AS rapid_reviews_percent,
         51.0 AS national_rapid_reviews_percent,
         l.mean AS rapid_reviews_mean_working_days_late,
         l.median AS rapid_reviews_median_working_days_late,
         v.lcsprs, v.lcsprs_on_time, percent_of(v.lcsprs_on_time, v.lcsprs) AS lcsprs_percent,
         v.lcsprs_overdue, v.lcsprs_overdue_with_proceedings, v.lcsprs_overdue_within_extension
    FROM of_incidents AS i
   CROSS JOIN of_late AS l
   CROSS JOIN of_reviews AS v)
SELECT CASE WHEN t.notifications IS NULL THEN 'row' ELSE 'total' END AS "_part",
       p.*,
       t.*
  FROM page AS p
  FULL JOIN totals AS t ON false
 ORDER BY p."_key" NULLS LAST, p."_id";

-- name: report_timeliness_records
-- What stands behind a figure: incidents, rapid reviews or reviews.
-- $1 as_of, $2 year, $3 from, $4 to, $5 row, $6 figure, $7 limit, $8 after_key
WITH {{timeliness_parts}},
behind AS (
  SELECT CASE WHEN $6::text LIKE 'rapid_reviews%' THEN 'rapid_review' ELSE 'incident' END AS kind,
         CASE WHEN $6::text LIKE 'rapid_reviews%' THEN i.rapid_review_id ELSE i.id END AS id,
         w.local_ref AS reference
    FROM incidents AS i
    JOIN incident AS w ON w.partnership_id = tenant() AND w.id = i.id
   WHERE CASE
           WHEN $6::text = 'notifications' THEN i.notification_on_time IS NOT NULL
           WHEN $6::text = 'notifications_on_time' THEN i.notification_on_time
           WHEN $6::text = 'rapid_reviews' THEN i.rapid_review_on_time IS NOT NULL
           WHEN $6::text = 'rapid_reviews_on_time' THEN i.rapid_review_on_time
           WHEN $6::text LIKE 'rapid_reviews%late' THEN i.id IN (SELECT l.id FROM late AS l)
           WHEN $6::text LIKE 'lcsprs%' THEN false
           ELSE true
         END
  UNION ALL
  SELECT 'review', v.id, v.reference
    FROM due_reviews AS v
    LEFT JOIN held AS h ON h.id = v.id
   WHERE CASE $6::text
           WHEN 'lcsprs' THEN v.on_time IS NOT NULL
           WHEN 'lcsprs_on_time' THEN v.on_time
           WHEN 'lcsprs_overdue' THEN v.days_over IS NOT NULL
           WHEN 'lcsprs_overdue_with_proceedings' THEN h.id IS NOT NULL
           WHEN 'lcsprs_overdue_within_extension' THEN v.days_over IS NOT NULL
             AND coalesce(v.done_on, $1::date) <= v.extended_until
           ELSE false
         END)
SELECT b.kind,
       b.id,
       b.reference,
       CASE b.kind WHEN 'incident' THEN '/v1/incidents/' WHEN 'review' THEN '/v1/reviews/'
                   ELSE '/v1/rapid-reviews/' END || b.id AS link,
       b.reference AS "_key"
  FROM behind AS b
 WHERE ($5::text IS NULL OR b.reference = $5::text)
   AND ($8::text IS NULL OR b.reference > $8::text)
 ORDER BY b.reference
 LIMIT $7::integer;
